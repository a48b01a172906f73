"""Slow work, done once and cached."""
