"""Turns and zooms: rigid in millimetres, undone by their inverse, and labels stay labels."""

import math

import pytest
import torch
import torch.nn.functional as functional

from fusion.data.warp_volume import Warp, linear, nearest, turn, warp
from fusion.types import Volumes

CUBE = (1.0, 1.0, 1.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(shape=(24, 26, 22)):
    """Waves of 12 voxels and more, which linear interpolation follows."""
    x, y, z = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij")
    return torch.stack([torch.sin(x / 2) + torch.cos(y / 3), torch.sin((x + z) / 3)])


def moved(image, matrix, spacing=CUBE, how=linear):
    if how is linear:
        return linear(image, matrix, spacing)
    return torch.stack([nearest(channel, matrix, spacing) for channel in image])


def brute(image, matrix, spacing=CUBE):
    """PyTorch's own trilinear sampling, in double precision."""
    half = torch.tensor([n * s / 2 for n, s in zip(image.shape[1:], spacing, strict=True)])
    unit = (matrix * half / half[:, None]).flip(0, 1).double()
    theta = torch.cat([unit, torch.zeros(3, 1)], dim=1)[None]
    grid = functional.affine_grid(theta, (1, *image.shape), align_corners=False)
    return functional.grid_sample(image[None].double(), grid, align_corners=False)[0].float()


@pytest.mark.parametrize("seed", range(12))
def test_it_is_trilinear_interpolation(seed):
    """Of noise, whose steps are 1: a few thousandths of a voxel may be a few thousandths of it."""
    draws = seeded(seed)
    shape = torch.randint(2, 40, (3,), generator=draws).tolist()
    angles = (torch.rand(3, generator=draws) * 6).tolist()
    spacing = (torch.rand(3, generator=draws) + 0.5).tolist()
    image = torch.randn(2, *shape, generator=draws)
    matrix = turn(angles) / (0.5 + torch.rand(1, generator=draws).item())
    expected = brute(image, matrix, spacing)
    torch.testing.assert_close(linear(image, matrix, spacing), expected, atol=5e-3, rtol=0)


def test_a_large_image_is_as_exact():
    image = torch.rand(1, 150, 180, 20, generator=seeded())
    matrix = turn([0.1, 0.2, -0.15]) / 1.05
    torch.testing.assert_close(linear(image, matrix, CUBE), brute(image, matrix), atol=5e-3, rtol=0)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_quarter_turns_are_swaps_of_axes(axis):
    """Brute force, to the rounding of places."""
    labels = torch.randint(0, 255, (2, 12, 12, 12), dtype=torch.uint8, generator=seeded())
    angles = [0.0, 0.0, 0.0]
    angles[axis] = math.pi / 2
    one, other = 1 + (axis + 1) % 3, 1 + (axis + 2) % 3
    # the output at R p is the input at p, so reading at R takes the turn back
    expected = torch.rot90(labels, -1, (one, other))
    assert torch.equal(moved(labels, turn(angles), how=nearest), expected)
    found = moved(labels.float() / 255, turn(angles))
    torch.testing.assert_close(found, expected.float() / 255, atol=1e-3, rtol=0)


@pytest.mark.parametrize("shape", [(24, 26, 22), (3, 5, 7), (17, 8, 9)])
def test_the_identity_changes_nothing(shape):
    image = torch.randn(2, *shape, generator=seeded())
    torch.testing.assert_close(moved(image, torch.eye(3)), image, atol=1e-3, rtol=0)


@pytest.mark.parametrize("spacing", [CUBE, (1.0, 0.5, 2.0)])
def test_the_inverse_gives_the_inside_back(spacing):
    """Twice linear interpolation of waves: an eighth of the squared step times the curvature.

    Curvature is at most 1/4 + 1/9 and steps of 1, so each time 0.045 at most; zooming stays
    below 1.1.
    """
    image = smooth()
    # a few degrees keep neighbours on the axis of 2 mm close; the middle never leaves the image
    matrix = turn([0.1, -0.15, 0.2]) / 1.1
    back = moved(moved(image, matrix, spacing), torch.linalg.inv(matrix), spacing)
    inside = (slice(None), *(slice(n // 3, -(n // 3)) for n in image.shape[1:]))
    assert (back - image)[inside].abs().max() < 0.1
    assert (back - image)[inside].abs().mean() < 0.04


def test_a_turn_is_rigid_in_millimetres():
    """A point 6 mm to the right goes 6 mm to the front, whatever the voxels."""
    image = torch.zeros(1, 21, 11, 5)
    spacing = (1.0, 2.0, 4.0)
    image[0, 16, 5, 2] = 1
    back = turn([0.0, 0.0, math.pi / 2]).T
    found = moved(image, back, spacing)[0]
    assert found[10, 8, 2].item() == pytest.approx(1, abs=1e-3)
    assert found.argmax() == 10 * 55 + 8 * 5 + 2


def test_a_zoom_makes_a_ball_larger_by_its_cube():
    places = torch.stack(torch.meshgrid(*(torch.arange(40.0) - 19.5,) * 3, indexing="ij"))
    ball = (places.norm(dim=0) < 10).to(torch.uint8)[None]
    larger = moved(ball, torch.eye(3) / 1.3, how=nearest)
    assert larger.sum() / ball.sum() == pytest.approx(1.3**3, rel=0.02)  # the surface is of voxels


def outlined(n=40):
    image = torch.randn(n, 2, 9, 10, 11, generator=seeded(1))
    regions = torch.randint(0, 8, (n, 9, 10, 11), dtype=torch.uint8, generator=seeded(2)) * 31
    return Volumes(image, torch.ones(n, 2, dtype=torch.bool), regions, torch.ones(n, 3).bool())


def test_labels_stay_labels_and_lie_where_the_image_does():
    """An image of the labels, read by nearest neighbours, is the outline at every voxel."""
    before = outlined()
    after = warp(before, seeded(), Warp(chance=1.0, rotate_degrees=30.0, zoom=0.2, spacing_mm=CUBE))
    assert after.regions.dtype == torch.uint8
    assert set(after.regions.unique().tolist()) <= set(before.regions.unique().tolist())
    drawn = before.regions > 100
    image = drawn[:, None].float().expand(-1, 2, -1, -1, -1)
    flat = Volumes(image, before.channels, drawn.to(torch.uint8), before.known)
    both = warp(flat, seeded(), Warp(chance=1.0, rotate_degrees=30.0, zoom=0.2, spacing_mm=CUBE))
    # linear and nearest agree wherever linear interpolation is sure
    sure = (both.image[:, 0] > 0.9) | (both.image[:, 0] < 0.1)
    agree = (both.image[:, 0] > 0.5) == (both.regions == 1)
    assert sure.float().mean() > 0.1
    assert agree[sure].float().mean() > 0.99  # borders: zeros outside count half there


def test_some_are_warped_and_the_others_stay_to_the_bit():
    before = outlined(200)
    after = warp(before, seeded(), Warp(chance=0.3, rotate_degrees=20.0, zoom=0.1, spacing_mm=CUBE))
    same = (after.image == before.image).flatten(1).all(dim=1)
    assert torch.equal(same, (after.regions == before.regions).flatten(1).all(dim=1))
    assert pytest.approx(1 - same.float().mean().item(), abs=4 * (0.21 / 200) ** 0.5) == 0.3
    assert torch.equal(before.image, outlined(200).image)
