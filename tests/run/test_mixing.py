"""Whether batches mix centres enough is told before training."""

import pytest

from fusion.config.compose import compose
from fusion.errors import ConfigError
from fusion.run.mixing import mixing
from fusion.run.prepare import prepare


@pytest.fixture
def told(settings, tmp_path):
    """`told(...)`: the sentences for a run on RNA alone."""

    def sentences(*more):
        config = compose(settings("glioma_fusion", "~modalities.mri", "~modalities.wsi", *more))
        return mixing(config, prepare(config, tmp_path))

    return sentences


def test_small_batches_are_told_and_large_ones_are_not(told):
    [sentence] = told("invariance=coral", "loader.patients=4")
    assert "coral has nothing to compare in most batches (rna in " in sentence
    assert "two centres with 3 patients" in sentence
    assert "Raise loader.patients (now 4" in sentence
    assert told("invariance=coral", "loader.patients=28") == []
    assert told("invariance=adversarial", "loader.patients=4") == []


def test_without_a_penalty_nothing_is_told(told):
    assert told("loader.patients=1") == []


def test_one_training_center_is_refused(told):
    with pytest.raises(ConfigError, match=r"coral compares training centres, and all \d+ training"):
        told("invariance=coral", "split.centers=[Birch,Cedar,Dogwood,Elm]")
