"""Who may call a method: authorizers, signatures, resource policies, keys, limits, validators."""
