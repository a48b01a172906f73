"""Predictions -> metrics, figures, a report, a model card."""
