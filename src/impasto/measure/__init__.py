"""MAKE: honest figures for palettes, quality and speed."""
