"""The forest plot: every centre is in it, and its numbers are those of the analysis."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.report.drawing import Blank, Drawing
from fusion.report.figure_forest import forest
from fusion.statistics.center_auc import center_aucs, pool_aucs

PNG = b"\x89PNG\r\n\x1a\n"


def make(sizes):
    generator = np.random.default_rng(0)
    center = np.repeat([f"$C_{i}$" for i in range(len(sizes))], sizes)  # no mathematics
    target = generator.random(len(center)) < 0.5
    return center_aucs(generator.normal(size=len(center)) + target, target, center)


def test_every_centre_is_drawn_and_written():
    centers = make([60, 120, 90, 8, 1])
    pooled = pool_aucs(centers)
    drawing = forest(centers, pooled, task="IDH")
    assert isinstance(drawing, Drawing)
    assert drawing.png.startswith(PNG)
    names = drawing.data["center"].tolist()
    assert names == ["$C_1$", "$C_2$", "$C_0$", "$C_3$", "$C_4$", "mean", "a new centre"]
    assert drawing.data["weight"].sum() == pytest.approx(1)
    # the pooled value is the mean of the logits by these weights
    used = drawing.data[drawing.data["weight"] > 0]
    logits = np.log(used["value"] / (1 - used["value"]))
    mean = (logits * used["weight"]).sum()
    assert 1 / (1 + np.exp(-mean)) == pytest.approx(pooled.value)
    assert f"{pooled.predicted_low:.2f} to {pooled.predicted_high:.2f}" in drawing.caption
    assert "$C_4$: " in drawing.caption
    assert drawing.png == forest(centers, pooled, task="IDH").png  # the same bytes again


def test_without_a_mean_or_a_prediction_it_is_still_drawn():
    centers = make([60, 120])
    assert forest(centers, None, task="IDH").data["weight"].sum() == 0
    pooled = pool_aucs(centers)
    assert pooled.predicted_low is None
    assert "new centre is expected" not in forest(centers, pooled, task="IDH").caption
    low = replace(pooled, predicted_low=0.0, predicted_high=1.0)
    assert isinstance(forest(centers, low, task="IDH"), Drawing)


def test_without_any_value_the_reason_is_given():
    found = forest(make([1, 1]), None, task="IDH")
    assert isinstance(found, Blank)
    assert found.reason == "the AUC has a value at no centre"
