"""Experiments with real functions: play a trace, tune memory."""
