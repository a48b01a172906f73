"""Disk -> Batch."""
