"""What needs no network: filters, Wiener filters, principal axes, exact posteriors."""
