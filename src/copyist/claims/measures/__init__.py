"""Measures that several claims share."""
