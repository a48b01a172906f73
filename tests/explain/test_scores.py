"""Scores of tiles: exact where the answer is straight, complete, and carried along by the tiles."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fusion.encoders.transmil import TransmilEncoder
from fusion.errors import ConfigError
from fusion.explain.gradients import integrated_gradients
from fusion.explain.methods import METHODS, scores, telling
from fusion.types import Bags
from tests.explain.example import question


def test_integrated_gradients_sum_to_what_the_tiles_change(asked):
    effect = asked.whole() - asked.nothing()
    errors = [
        abs(float(integrated_gradients(asked.ask, asked.tiles, steps=n).sum()) - effect)
        for n in (8, 32)
    ]
    # midpoints: four times the points, a sixteenth of the error, less where the path has kinks
    assert errors[1] < errors[0] / 4
    assert errors[1] < 1e-2 * abs(effect)


def test_both_gradients_find_the_weights_of_a_straight_answer():
    weights, tiles = torch.randn(5, 3), torch.randn(5, 3)
    found = integrated_gradients(lambda x: (x * weights).sum(), tiles, steps=3)
    torch.testing.assert_close(found, (weights * tiles).sum(dim=1))


@pytest.mark.parametrize("method", METHODS)
def test_scores_follow_their_tiles(asked, method):
    order = torch.randperm(len(asked.tiles))
    shuffled = Bags(asked.tiles[order], torch.tensor([0, len(order)]))
    other = replace(
        asked, sample=replace(asked.sample, inputs={**asked.sample.inputs, "wsi": shuffled})
    )
    np.testing.assert_allclose(scores(other, method), scores(asked, method)[order], atol=1e-9)


def test_attention_is_the_encoders_own(asked):
    bags = asked.sample.inputs["wsi"]
    expected = asked.model.encoders["wsi"].attention(bags).detach().numpy()
    found = scores(asked, "attention")
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.sum() == pytest.approx(1)


def test_attention_of_an_encoder_that_has_none_is_refused(pooled):
    with pytest.raises(ConfigError, match="PooledEncoder, does not weigh its tiles"):
        scores(pooled, "attention")
    assert np.abs(scores(pooled, "integrated_gradients")).min() > 0


def test_any_encoder_has_gradients():
    asked = question(TransmilEncoder)
    effect = asked.whole() - asked.nothing()
    total = scores(asked, "integrated_gradients").sum()
    assert total == pytest.approx(effect, rel=0.05)


def test_an_unknown_method_is_refused(asked):
    with pytest.raises(ConfigError, match="no method 'lime'; there are integrated_gradients"):
        scores(asked, "lime")


def test_attention_has_no_sign_and_evidence_has():
    found = np.array([0.2, 0.8])
    assert telling(found, "attention", -1.0).tolist() == [0.2, 0.8]
    assert telling(found, "gradient_times_input", -1.0).tolist() == [-0.2, -0.8]
