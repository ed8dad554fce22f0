"""What EventBridge Pipes decide: paths into events, input templates, what may be connected."""
