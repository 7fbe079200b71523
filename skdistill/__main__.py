"""Compare a teacher and its students: ``python -m skdistill``, or with the name of a table."""

from __future__ import annotations

import sys

from .command.run import main

if __name__ == "__main__":
    sys.exit(main())
