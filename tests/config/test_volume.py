"""What a volume's configuration says of outlines, and what cannot be together."""

import pytest
import torch

from fusion.config.compose import compose
from fusion.config.parts.sources import build_sources
from fusion.config.parts.tasks import build_weighting, loss_weights
from fusion.errors import ConfigError

BTSC = "+experiment=btsc"


def test_the_source_outlines_what_the_configuration_says():
    found = compose([BTSC, "modalities.mri.outline.regions=[WT,ET]"])
    assert build_sources(found)["mri"].regions == ("WT", "ET")
    plain = compose(["+experiment=glioma_fusion"])
    assert build_sources(plain)["mri"].regions == ()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["modalities.mri.outline=null"], r"encoder 'tumour' with outline: null.*needs to know"),
        (
            ["encoder@modalities.mri.encoder=resnet"],
            r"encoder 'resnet' with outline: given.*no other can \(modality mri_tumour has both\)",
        ),
        (["modalities.mri.crop=tumour"], r"crop: tumour .* would tell the network where to look"),
        (["modalities.mri.outline.regions=[]"], "at least 1 item"),
        (["modalities.mri.outline.patch=[8,8]"], "at least 3 items"),
        (["modalities.mri.outline.foreground=1.5"], "less than or equal to 1"),
        (["modalities.mri.outline.overlap=1.0"], "less than 1"),
        (["modalities.mri.outline.lesions=brats"], "'glioma' or 'metastases'"),
        (["modalities.mri.outline.tolerance_mm=0"], "greater than 0"),
        (["modalities.mri.augment.drop_sequences=1.0"], "less than 1"),
    ],
)
def test_what_does_not_fit_is_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        compose([BTSC, *overrides])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("outline.regions=[WT,XX]", "name each once, up to 8, out of WT"),
        ("outline.patch=[999,8,8]", r"patch \[999, 8, 8\] is larger than the shape"),
    ],
)
def test_what_the_source_refuses(override, message):
    found = compose([BTSC, f"modalities.mri.{override}"])
    with pytest.raises(ConfigError, match=message):
        build_sources(found)


def test_the_loss_of_an_outline_is_weighed_by_its_name():
    own = ("mri_segmentation",)
    plain = compose([BTSC])
    tasks = {name: task.weight for name, task in plain.tasks.items()}
    assert loss_weights(plain, ()) == tasks
    given = {**tasks, "mri_segmentation": plain.penalty.get("mri_segmentation", 1.0)}
    assert loss_weights(plain, own) == given
    half = compose([BTSC, "++penalty.mri_segmentation=0.25"])
    assert loss_weights(half, own)["mri_segmentation"] == 0.25


@pytest.mark.parametrize("weighting", ["fixed", "learned"])
def test_both_weightings_know_it(weighting):
    found = compose([BTSC, f"weighting={weighting}", "++penalty.mri_segmentation=0.5"])
    weigh = build_weighting(found, ("mri_segmentation",))
    loss = torch.tensor(3.0)
    total = weigh({"mri_segmentation": loss})
    assert total.isfinite()
    if weighting == "fixed":
        assert total.item() == 1.5
    else:  # learned weights begin at 1, with a penalty of 0 for being sure
        assert total.requires_grad


def test_a_weight_of_zero_learns_nothing_of_a_task_and_is_no_learned_weight():
    nothing = [BTSC, "tasks.diagnosis.weight=0"]
    weigh = build_weighting(compose([*nothing, "weighting=fixed"]), ("mri_segmentation",))
    losses = {"diagnosis": torch.tensor(3.0), "mri_segmentation": torch.tensor(2.0)}
    assert weigh(losses).item() == 2.0
    with pytest.raises(ConfigError, match=r"diagnosis with weight 0 and weighting: learned"):
        build_weighting(compose([*nothing, "weighting=learned"]), ("mri_segmentation",))
