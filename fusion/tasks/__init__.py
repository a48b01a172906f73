"""Fused -> loss and predictions."""
