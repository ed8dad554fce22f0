"""The operations on stacks, each from its beginning to the stack's next lasting status."""
