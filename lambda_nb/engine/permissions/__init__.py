"""Who may invoke a function: its resource policy, and the conditions of policies."""
