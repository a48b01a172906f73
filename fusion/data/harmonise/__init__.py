"""Centres made alike before anything learns; fitted on training patients alone."""
