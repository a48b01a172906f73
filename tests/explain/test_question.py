"""The question is the model's own answer, and changes with nothing but the tiles."""

from dataclasses import replace

import pytest
import torch

from fusion.data.sample import collate
from fusion.errors import ConfigError


def test_evidence_is_the_log_odds_that_the_model_gives(asked):
    with torch.no_grad():
        outputs = asked.model(collate([asked.sample])).outputs
    p = asked.tasks["kind"].predict(outputs)["b"][0]
    assert asked.whole() == pytest.approx(float(torch.log(p / (1 - p))), abs=1e-12)


def test_nothing_is_a_bag_of_average_tiles(asked):
    assert asked.nothing() == pytest.approx(
        float(asked.ask(torch.zeros(1, 4).double()).detach()), abs=1e-12
    )
    assert asked.nothing() != pytest.approx(asked.whole(), abs=1e-6)


def test_some_of_the_tiles_are_a_smaller_bag(asked):
    kept = torch.tensor([0, 3, 7])
    assert asked.of(kept) == float(asked.ask(asked.tiles[kept]).detach())


def test_a_patient_without_tiles_and_an_answer_that_is_none_are_refused(asked):
    with pytest.raises(ConfigError, match="patient p1 has no tiles of mri"):
        replace(asked, modality="mri")
    with pytest.raises(ConfigError, match="no tiles of rna"):
        replace(asked, modality="rna")
    with pytest.raises(ConfigError, match="no task grade; the model has kind"):
        replace(asked, task="grade")
    with pytest.raises(ConfigError, match="does not answer 'd'; it answers a, b, c"):
        replace(asked, column="d")
