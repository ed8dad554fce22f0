"""AWS Lambda in a notebook: run functions for real under Lambda's rules, then simulate them."""

from __future__ import annotations

__version__ = "0.1.0"
