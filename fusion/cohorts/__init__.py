"""Builders: the raw public tables of one cohort -> a cohort folder that `fusion.data` reads."""
