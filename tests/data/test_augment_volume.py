"""Augmentation is drawn from the generator and changes what it says, nothing else."""

import pytest
import torch

from fusion.data import augment_volume
from fusion.data.augment_volume import augment
from fusion.data.warp_volume import Warp
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


def outlined(n=64):
    """Each outline is where its image is above 1."""
    plain = volumes(n)
    regions = (plain.image > 1).any(dim=1).to(torch.uint8) * 5
    known = torch.arange(n)[:, None] % 2 == torch.arange(3)
    return Volumes(plain.image, plain.channels, regions, known)


@pytest.mark.parametrize("flip_axes", [(2,), (3,), (4,), (2, 3, 4), ()])
def test_outlines_turn_with_their_image(flip_axes):
    before = outlined()
    after = augment(before, seeded(), flip_axes=flip_axes, scale=0.0, shift=0.0)
    assert torch.equal(after.regions, (after.image > 1).any(dim=1).to(torch.uint8) * 5)
    assert torch.equal(after.known, before.known)
    turned = (after.regions != before.regions).flatten(1).any(dim=1)
    assert bool(turned.any()) == bool(flip_axes)


def test_outlines_take_nothing_from_the_randomness_of_the_image():
    assert torch.equal(augment(outlined(), seeded()).image, augment(volumes(), seeded()).image)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.999])
def test_some_present_channel_always_stays_and_no_absent_one_comes(probability):
    image = torch.randn(400, 4, 2, 2, 2, generator=seeded(3))
    channels = torch.rand(400, 4, generator=seeded(4)) < 0.5
    channels[:, 0] |= ~channels.any(dim=1)
    before = Volumes(image, channels)
    after = augment(before, seeded(), drop_channels=probability).channels
    assert after.any(dim=1).all()
    assert not (after & ~channels).any()
    if probability == 0.0:
        assert torch.equal(after, channels)


def test_channels_are_hidden_as_often_as_said():
    """Of 8, the one that always stays is spared once in 8; 4 SD of 3200 draws are 0.033."""
    image = torch.ones(400, 8, 1, 1, 1)
    after = augment(Volumes(image, image[..., 0, 0, 0] > 0), seeded(), drop_channels=0.4)
    assert abs((~after.channels).float().mean().item() - 0.4) < 0.033


def test_what_comes_in_half_precision_is_as_exact_as_in_single():
    half = volumes().image.half()
    one, other = (
        augment(Volumes(image, volumes().channels), seeded()) for image in (half, half.float())
    )
    assert one.image.dtype == torch.float32
    assert torch.equal(one.image, other.image)


@pytest.mark.parametrize("cached", [1, 70, 1 << 18])
def test_parts_of_any_size_give_one_result(cached, monkeypatch):
    expected = augment(outlined(), seeded(), flip_axes=(2, 3, 4))
    monkeypatch.setattr(augment_volume, "_CACHED", cached)
    found = augment(outlined(), seeded(), flip_axes=(2, 3, 4))
    assert torch.equal(found.image, expected.image)


def test_a_gain_and_an_offset_are_those_of_whole_images():
    """The plain formula, to the bit: speed is all that parts are for."""
    before = volumes()
    found = augment(before, seeded(), flip_axes=(), scale=0.2, shift=0.3).image
    draws = seeded()
    gain, offset = ((1 - 2 * torch.rand(64, 2, generator=draws)) * w for w in (0.2, 0.3))
    moved = before.image * (1 + gain[..., None, None, None]) + offset[..., None, None, None]
    assert torch.equal(found, torch.where(before.image == 0, 0.0, moved))


def test_what_is_off_changes_nothing_and_all_of_it_together_keeps_outlines_in_place():
    """Turned, noisy and of another contrast, an image still shows its outline by its sign."""
    still = Warp(chance=0.0, rotate_degrees=90.0, zoom=0.5, spacing_mm=(1.0, 1.0, 1.0))
    plain = augment(outlined(), seeded())
    assert torch.equal(augment(outlined(), seeded(), warped=still).image, plain.image)
    places = torch.stack(torch.meshgrid(*(torch.arange(20.0) - 9.5,) * 3, indexing="ij"))
    ball = ((places - 3).norm(dim=0) < 5).expand(8, 1, -1, -1, -1)
    image = torch.where(ball, 5.0, -5.0)
    before = Volumes(
        image, torch.ones(8, 1).bool(), ball[:, 0].to(torch.uint8), torch.ones(8, 1).bool()
    )
    turned = Warp(chance=1.0, rotate_degrees=40.0, zoom=0.2, spacing_mm=(1.0, 1.0, 1.0))
    after = augment(before, seeded(), warped=turned, gamma=0.3, noise=0.2)
    assert not torch.equal(after.regions, before.regions)
    seen, drawn, old = after.image[:, 0] > 0, after.regions == 1, before.regions == 1

    def dice(a, b):
        return 2 * (a & b).sum() / (a.sum() + b.sum())

    assert dice(seen, drawn) > 0.85  # linear and nearest part ways at the surface
    assert dice(seen, old) < 0.8
