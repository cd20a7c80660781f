"""MAKE: from a trained run to a palette that runs in real time."""
