"""The question is the model's own answer, and changes with nothing but the volume's own voxels."""

from dataclasses import replace

import pytest
import torch

from fusion.data.sample import collate
from fusion.errors import ConfigError
from fusion.types import Volumes
from tests.explain.volume_example import network_encoder, volume_question, volumes


@pytest.fixture
def asked():
    torch.manual_seed(0)
    return volume_question(network_encoder(), volumes((True, False, True)))


@pytest.fixture
def single():
    """In single precision, as batches are."""
    torch.manual_seed(0)
    shown = volumes((True, False, True))
    return volume_question(network_encoder(), shown, dtype=torch.float32)


def test_evidence_is_the_log_odds_that_the_model_gives(single):
    asked = single
    with torch.no_grad():
        outputs = asked.model(collate([asked.sample])).outputs
    p = asked.tasks["kind"].predict(outputs)["b"][0]
    assert asked.whole() == pytest.approx(float(torch.log(p / (1 - p))), abs=1e-5)


def test_many_are_answered_as_one_by_one(asked):
    images = torch.stack([asked.image * share for share in torch.linspace(0, 1, 11)])
    alone = [float(asked.said(image[None])[0]) for image in images]
    # in double precision; a batch sums in another order
    assert asked.said(images).tolist() == pytest.approx(alone, abs=1e-9)
    assert alone[0] == asked.nothing()
    assert alone[-1] == asked.whole()


def test_junk_in_an_absent_channel_is_not_seen(asked):
    other = asked.image.clone()
    other[1] = 7.0
    assert float(asked.said(other[None])[0]) == asked.whole()
    assert not asked.image[1].any()
    assert not asked.brain[:, :2].any(), "junk would be brain everywhere"


def test_what_cannot_be_asked_is_refused(asked):
    with pytest.raises(ConfigError, match="patient p1 has no volume of rna"):
        replace(asked, modality="rna")
    with pytest.raises(ConfigError, match="no volume of wsi"):
        replace(asked, modality="wsi")
    with pytest.raises(ConfigError, match="no task grade; the model has kind"):
        replace(asked, task="grade")
    with pytest.raises(ConfigError, match="does not answer 'd'; it answers a, b, c"):
        replace(asked, column="d")


def test_a_patient_with_nothing_else_can_be_asked(single):
    asked = single
    only = {"mri": Volumes(asked.image[None], asked.channels[None])}
    alone = replace(asked, sample=replace(asked.sample, inputs=only))
    with torch.no_grad():
        outputs = alone.model(collate([alone.sample])).outputs
    p = alone.tasks["kind"].predict(outputs)["b"][0]
    assert alone.whole() == pytest.approx(float(torch.logit(p)), abs=1e-5)
    assert alone.whole() != pytest.approx(asked.whole(), abs=1e-3)
