"""Questions about one patient of a small model."""

import pytest

from fusion.encoders.pooled import PooledEncoder
from tests.explain.example import question


@pytest.fixture
def asked():
    return question()


@pytest.fixture
def pooled():
    return question(PooledEncoder)
