"""What is asked of stacks: checked first, and then begun."""
