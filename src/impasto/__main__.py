"""`python -m impasto` is the command `impasto`."""

import sys

from impasto.cli import main

sys.exit(main())
