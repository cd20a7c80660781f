"""The tests. Where two processes share them, each has one thread of arithmetic, and so has all that it starts."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
