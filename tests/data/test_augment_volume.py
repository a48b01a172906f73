"""Augmentation is drawn from the generator and changes what it says, nothing else."""

import torch

from fusion.data.augment_volume import augment
from fusion.types import Volumes


def volumes(n=64):
    image = torch.randn(n, 2, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    image[:, :, 0] = 0
    return Volumes(image, torch.ones(n, 2, dtype=torch.bool))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_one_seed_gives_one_result():
    assert torch.equal(augment(volumes(), seeded()).image, augment(volumes(), seeded()).image)
    assert not torch.equal(augment(volumes(), seeded(1)).image, augment(volumes(), seeded()).image)


def test_only_left_and_right_are_swapped_in_about_half_of_the_patients():
    before = volumes()
    after = augment(before, seeded(), scale=0.0, shift=0.0)
    kept = (after.image == before.image).flatten(1).all(dim=1)
    turned = (after.image == before.image.flip(2)).flatten(1).all(dim=1)
    assert (kept ^ turned).all()
    assert 16 < turned.sum() < 48  # 4 SD around 32


def test_gain_and_offset_stay_in_range_and_spare_the_background():
    before = volumes()
    after = augment(before, seeded(), flip_axes=(), scale=0.2, shift=0.3).image
    assert not after[:, :, 0].any()
    x, y = before.image[:, :, 1:].flatten(2), after[:, :, 1:].flatten(2)
    gain = (y[..., 0] - y[..., 1]) / (x[..., 0] - x[..., 1])
    offset = (y - gain[..., None] * x).median(dim=-1).values
    assert gain.min() > 0.79
    assert gain.max() < 1.21
    assert gain.std() > 0.05
    assert offset.abs().max() < 0.31
    assert offset.std() > 0.05


def test_what_was_given_is_left_alone():
    before = volumes()
    augment(before, seeded())
    assert torch.equal(before.image, volumes().image)
