"""What EventBridge decides: which patterns are valid, what targets get, when it tries again."""
