"""``%%lambda`` and ``%lambda``: options, completion, commands."""
