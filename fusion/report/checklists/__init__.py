"""Reporting checklists: items as data in YAML, filled in by what the run knows."""
