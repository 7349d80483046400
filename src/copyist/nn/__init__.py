"""Parts of networks that are not specific to autoencoders."""
