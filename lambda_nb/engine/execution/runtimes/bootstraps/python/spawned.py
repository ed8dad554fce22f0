"""The Python runtime as a program of its own: ``python -I -S spawned.py PATH LAST``.

``sys.path`` begins with ``PATH`` and ends with ``LAST``.
"""

from __future__ import annotations

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import lambda_runtime.main  # noqa: E402

if __name__ == "__main__":
    first, last = (words.split(":") if words else [] for words in sys.argv[1:3])
    sys.path[:] = [*first, *(path for path in sys.path if path != HERE), *last]
    sys.argv = [""]
    lambda_runtime.main.main()
