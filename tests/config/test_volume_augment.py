"""What is declared of augmentation is what training does, and what was not declared is off."""

import pytest
import torch

from fusion.config.compose import compose
from fusion.config.parts.augment import build_augmentation
from fusion.data.augment_volume import augment
from fusion.data.sample import Batch
from fusion.data.warp_volume import Warp
from fusion.errors import ConfigError
from fusion.types import Center, Modality, PatientId, Volumes

MRI = Modality("mri")
SETTINGS = "modalities.mri.augment."


def batch():
    image = torch.randn(6, 2, 8, 9, 10, generator=torch.Generator().manual_seed(1))
    volumes = Volumes(image, torch.ones(6, 2, dtype=torch.bool))
    who = tuple(PatientId(f"p{i}") for i in range(6))
    present = torch.ones(6, dtype=torch.bool)
    return Batch(who, (Center("A"),) * 6, {MRI: volumes}, {MRI: present}, {})


def seeded():
    return torch.Generator().manual_seed(0)


def test_training_warps_bends_and_disturbs_as_declared():
    config = compose(
        [
            "+experiment=btsc",
            "modalities.mri.spacing_mm=[1.0,2.0,4.0]",
            *(
                SETTINGS + v
                for v in ("warp=0.5", "rotate=20", "zoom=0.3", "gamma=0.4", "noise=0.1")
            ),
        ]
    )
    mri = config.modalities["mri"]
    found = build_augmentation(config.modalities)(batch(), seeded()).inputs[MRI]
    expected = augment(
        batch().inputs[MRI],
        seeded(),
        scale=mri.augment.scale,
        shift=mri.augment.shift,
        drop_channels=mri.augment.drop_sequences,
        warped=Warp(chance=0.5, rotate_degrees=20.0, zoom=0.3, spacing_mm=(1.0, 2.0, 4.0)),
        gamma=0.4,
        noise=0.1,
    )
    assert torch.equal(found.image, expected.image)


def test_by_default_it_is_what_it_was():
    config = compose(["+experiment=btsc"])
    mri = config.modalities["mri"].augment
    found = build_augmentation(config.modalities)(batch(), seeded()).inputs[MRI]
    expected = augment(
        batch().inputs[MRI],
        seeded(),
        scale=mri.scale,
        shift=mri.shift,
        drop_channels=mri.drop_sequences,
    )
    assert torch.equal(found.image, expected.image)


@pytest.mark.parametrize("wrong", ["warp=1.1", "zoom=1.0", "noise=-1", "rotate=181"])
def test_values_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ConfigError, match=wrong.split("=")[0]):
        compose(["+experiment=btsc", SETTINGS + wrong])
