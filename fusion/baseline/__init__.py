"""What a clinic reaches with the table that it already has: the model that fusion must beat."""

from fusion.baseline.classes import ClassBaseline, fit_class_baseline
from fusion.baseline.survival import CoxBaseline, fit_cox_baseline

ClinicalBaseline = ClassBaseline | CoxBaseline

__all__ = [
    "ClassBaseline",
    "ClinicalBaseline",
    "CoxBaseline",
    "fit_class_baseline",
    "fit_cox_baseline",
]
