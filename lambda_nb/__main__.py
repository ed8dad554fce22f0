"""``python -m lambda_nb`` is ``lambda-nb``."""

import sys

from lambda_nb.command import main

if __name__ == "__main__":
    sys.exit(main())
