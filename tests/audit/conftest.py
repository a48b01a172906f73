"""Inputs in memory, to plant things in."""

import pytest


class Given:
    """A source that has its inputs in memory, and is fitted to their sum."""

    width = 1

    def __init__(self, inputs):
        self.inputs = inputs
        self.total = None

    def prepare(self, files):
        return []

    def fit(self, files):
        self.total = sum(float(self.inputs[p].sum()) for p in files)

    def load(self, patient, rows):
        return self.inputs[patient]

    def size(self, patient, rows):
        return 1

    def state(self):
        return {"total": self.total}

    def restore(self, state):
        self.total = state["total"]


@pytest.fixture
def given():
    """`given({patient: input})`: a source of these."""
    return Given
