"""Training: the only import of Lightning."""
