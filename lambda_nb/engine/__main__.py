"""``python -m lambda_nb.engine`` is ``lambda-nb``."""

import sys

from lambda_nb.engine.process.cli import main

if __name__ == "__main__":
    sys.exit(main())
