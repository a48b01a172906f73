"""Shipped helpers: the demo cohort, and the contracts that every part is held to."""
