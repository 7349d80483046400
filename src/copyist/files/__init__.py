"""A user's files, in and out, faithfully."""
