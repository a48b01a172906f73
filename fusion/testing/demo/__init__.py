"""A cohort drawn from a known biology and written in the formats of a hospital."""

from fusion.testing.demo.truth import DemoTruth
from fusion.testing.demo.write import write_demo

__all__ = ["DemoTruth", "write_demo"]
