"""Compressed images: real files, whose integers are the same on every machine."""
