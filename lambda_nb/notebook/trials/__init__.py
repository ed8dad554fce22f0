"""Tests of a function that run after each deploy: events of its cell, and cells with ``--test``."""
