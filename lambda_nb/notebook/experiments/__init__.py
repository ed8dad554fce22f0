"""Experiments on real functions: play a trace, tune memory."""
