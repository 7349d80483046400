"""Claims of the sources: how each is measured, its result on disk, and its page."""
