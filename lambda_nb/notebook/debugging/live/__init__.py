"""Debugging a function while it runs, with the debugger of the notebook's front end."""
