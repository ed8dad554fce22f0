"""What is known of stacks, durably: their templates, resources, events, exports, change sets."""
