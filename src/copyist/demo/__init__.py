"""The first five minutes: run, pictures, page."""
