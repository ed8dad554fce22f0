"""The Python runtime in a process of its own making: ``python -I -S spawned.py SEARCH_PATH``."""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import lambda_runtime.main  # noqa: E402

if __name__ == "__main__":
    sys.path[:] = sys.argv[1].split(":") + [p for p in sys.path if p != HERE]
    sys.argv = [""]
    lambda_runtime.main.main()
