"""Parts with no opinion on autoencoding."""
