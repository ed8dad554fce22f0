"""Debugs functions: an environment of a version runs under a debugger, an editor attaches."""
