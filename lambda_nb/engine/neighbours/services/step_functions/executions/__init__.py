"""Executions: started, ended, kept, and what they tell."""
