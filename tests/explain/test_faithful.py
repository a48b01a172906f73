"""Curves: a ranking that holds beats blind draws, its reverse loses, and all end alike."""

import numpy as np
import pytest
import torch

from fusion.explain.faithful import SHARES, curves, direction
from fusion.explain.methods import scores, telling


@pytest.fixture
def ranking(pooled):
    return telling(scores(pooled, "integrated_gradients"), "", direction(pooled))


def test_all_tiles_are_all_tiles(pooled, ranking):
    found = curves(pooled, ranking, draws=3, seed=0)
    whole = abs(pooled.whole() - pooled.nothing())
    for curve in (found.insertion, found.deletion, found.random):
        assert len(curve) == len(SHARES)
        assert curve[-1] == pytest.approx(whole)


def test_a_ranking_that_holds_beats_chance_and_its_reverse_does_not(pooled, ranking):
    found = curves(pooled, ranking, draws=10, seed=0)
    effect = abs(pooled.whole() - pooled.nothing())
    assert found.gain > 0.1 * effect
    assert found.loss > 0.1 * effect
    other = curves(pooled, -ranking, draws=10, seed=0)
    assert other.gain == pytest.approx(-found.loss)
    assert other.loss == pytest.approx(-found.gain)


def test_a_blind_ranking_gains_nothing(pooled):
    gains = []
    for i in range(30):
        blind = np.random.default_rng(1000 + i).random(12)
        gains.append(curves(pooled, blind, draws=1, seed=i, shares=(0.2, 0.6, 1.0)).gain)
    # one blind order less another: their mean is within three standard errors of none
    assert abs(np.mean(gains)) < 3 * np.std(gains, ddof=1) / np.sqrt(30)


def test_one_tile_is_left_at_least(pooled, ranking):
    found = curves(pooled, ranking, draws=1, seed=0, shares=(0.001, 1.0))
    best = int(np.argmax(ranking))
    sign, zero = direction(pooled), pooled.nothing()
    assert found.insertion[0] == pytest.approx(sign * (pooled.of(torch.tensor([best])) - zero))
