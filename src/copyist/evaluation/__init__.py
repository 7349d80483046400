"""Models measured on held-out data, beside every baseline."""
