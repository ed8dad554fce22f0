"""Cloud Control's API over the resources of stacks: it tells what they are now."""
