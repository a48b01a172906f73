"""Whether batches mix centres enough is told before training."""

import pytest

from fusion.config.compose import compose
from fusion.errors import ConfigError
from fusion.run.mixing import mixing
from fusion.run.prepare import prepare

RNA = ["~modalities.mri", "~modalities.wsi"]
"""Reading RNA takes a second."""


@pytest.fixture(scope="module")
def material(settings, tmp_path_factory):
    return prepare(compose(settings("glioma_fusion", *RNA)), tmp_path_factory.mktemp("run"))


@pytest.mark.parametrize(
    ("invariance", "patients"), [("coral", 28), ("adversarial", 4), ("none", 1)]
)
def test_batches_that_mix_centers_are_not_mentioned(settings, material, invariance, patients):
    more = [f"invariance={invariance}", f"loader.patients={patients}"]
    assert mixing(compose(settings("glioma_fusion", *RNA, *more)), material) == []


def test_small_batches_are_told_and_what_to_do(settings, material):
    config = compose(settings("glioma_fusion", *RNA, "invariance=coral", "loader.patients=4"))
    [sentence] = mixing(config, material)
    assert "coral has nothing to compare in most batches (rna in " in sentence
    assert "two centres with 3 patients" in sentence
    assert "Raise loader.patients (now 4" in sentence


def test_one_training_center_is_refused(settings, tmp_path):
    more = ["invariance=coral", "split.centers=[Birch,Cedar,Dogwood,Elm]"]
    config = compose(settings("glioma_fusion", *RNA, *more))
    with pytest.raises(ConfigError, match=r"coral compares training centres, and all \d+ training"):
        mixing(config, prepare(config, tmp_path))
