"""Our speed against plain reference loops: both in one run, by turns, as ratios."""
