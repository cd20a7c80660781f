"""MAKE: training painters. Needs torch (`pip install "impasto[train]"`); nothing outside this half imports it."""
