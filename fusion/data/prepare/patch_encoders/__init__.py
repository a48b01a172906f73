"""Tiles -> features."""
