"""One claim per file, with its bounds, controls and how it is measured."""
