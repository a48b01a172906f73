"""Whole volumes outlined in windows, mirrored, and with too little memory."""

import logging

import pytest
import torch
from torch import nn

from fusion.encoders.map_networks import MapNetwork, Maps
from fusion.encoders.outline import entropy, outline
from fusion.encoders.tumour import TumourEncoder
from fusion.types import Volumes


class Same(nn.Module):
    """Every voxel by itself; it notes what it saw, and may lack memory for more than so many."""

    def __init__(self, most=10**9, tilted=False):
        super().__init__()
        self.most, self.tilted, self.seen = most, tilted, []

    def forward(self, image):
        self.seen.append(tuple(image.shape[2:]))
        if image[0, 0].numel() > self.most:
            raise torch.OutOfMemoryError("no memory")
        ramp = torch.linspace(-1, 1, image.shape[2])[:, None, None] if self.tilted else 0.0
        fine = image + ramp
        coarse = nn.functional.avg_pool3d(fine, 2)
        return Maps([fine, coarse], [fine])


def encoder(**options):
    torch.manual_seed(0)
    network = MapNetwork(Same(**options), [2, 2], [2], 2)
    return TumourEncoder(network=network, channels=2, regions=3, dim=4, supervised=1).eval()


def volumes(*shape):
    image = torch.randn(2, 2, *shape, generator=torch.Generator().manual_seed(1))
    return Volumes(image, torch.tensor([[True, True], [False, True]]))


def run(model, x, *, window=None, overlap=0.5, flips=False):
    with torch.no_grad():
        return outline(model, x, window=window, overlap=overlap, flips=flips)


def test_whole_is_the_sigmoid_of_the_logits():
    model, x = encoder(), volumes(8, 6, 4)
    found = run(model, x)
    assert found.shape == (1, 2, 3, 8, 6, 4)
    torch.testing.assert_close(found[0], torch.sigmoid(model.region_logits(x)))


@pytest.mark.parametrize("window", [(4, 4, 4), (6, 4, 2), (8, 2, 4)])
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5])
def test_windows_of_a_network_without_surroundings_are_the_whole(window, overlap):
    """1e-5: a voxel's logits are a mean with weights that add up to 1 but for rounding."""
    model, x = encoder(), volumes(10, 7, 6)
    x = Volumes(x.image[:, :, :, :6], x.channels)
    whole, parts = run(model, x), run(model, x, window=window, overlap=overlap)
    assert max(model.network.network.seen[-1]) <= 8
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=1e-5)


def test_windows_that_hold_the_volume_take_it_whole():
    model, x = encoder(), volumes(8, 6, 4)
    run(model, x, window=(8, 8, 8))
    assert model.network.network.seen == [(8, 6, 4)]


def test_windows_lie_where_something_is():
    """Air around a head costs nothing, holds no tumour, and changes nothing inside."""
    model, x = encoder(), volumes(6, 5, 4)
    image = torch.zeros(2, 2, 20, 12, 9)
    image[:, :, 11:17, 7:12, :4] = x.image
    inside = run(model, x, window=(4, 4, 4), overlap=0.0)
    padded = run(model, Volumes(image, x.channels), window=(4, 4, 4), overlap=0.0)
    torch.testing.assert_close(padded[..., 11:17, 7:12, :4], inside, atol=1e-5, rtol=1e-5)
    padded[..., 11:17, 7:12, :4] = 0.0
    assert padded.max() < 1e-12
    model.network.network.seen.clear()
    run(model, Volumes(image, x.channels), window=(8, 8, 8))
    assert model.network.network.seen == [(8, 8, 8)] * 2  # once for each patient
    assert run(model, Volumes(image * 0, x.channels), window=(4, 4, 4)).isfinite().all()


def test_an_absent_channel_is_absent_in_each_window():
    model, x = encoder(), volumes(8, 8, 8)
    junk = x.image.clone()
    junk[1, 0] = torch.nan
    plain = run(model, x, window=(4, 4, 4))
    assert torch.equal(run(model, Volumes(junk, x.channels), window=(4, 4, 4)), plain)


def test_both_views_agree_where_the_network_knows_no_side():
    model, x = encoder(), volumes(8, 6, 4)
    one, other = run(model, x, flips=True)
    torch.testing.assert_close(other, one)
    one, other = run(encoder(tilted=True), x, flips=True)
    assert (one - other).abs().max() > 0.01


def test_the_second_view_is_the_outline_of_the_mirror_mirrored_back():
    model, x = encoder(tilted=True), volumes(8, 6, 4)
    _, other = run(model, x, flips=True)
    mirror = run(model, Volumes(x.image.flip(2), x.channels))[0].flip(2)
    torch.testing.assert_close(other, mirror)


def test_temperature_divides_logits_and_moves_no_mask():
    model, x = encoder(), volumes(8, 6, 4)
    before = run(model, x)[0]
    model.temperature.copy_(torch.tensor([0.5, 1.0, 4.0]))
    after = run(model, x)[0]
    assert torch.equal(after > 0.5, before > 0.5)
    scale = torch.tensor([2.0, 1.0, 0.25])[:, None, None, None]
    torch.testing.assert_close(
        torch.logit(after), torch.logit(before) * scale, atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("window", [None, (8, 8, 8)])
def test_too_little_memory_takes_smaller_windows_and_says_so(window, caplog):
    x = volumes(16, 8, 8)
    whole = run(encoder(), x)
    model = encoder(most=8 * 4 * 4)
    with caplog.at_level(logging.WARNING):
        found = run(model, x, window=window)
    torch.testing.assert_close(found, whole, atol=1e-5, rtol=1e-5)
    assert "not enough memory on cpu to outline windows of" in caplog.text
    assert "8x8x8 voxels; trying smaller ones" in caplog.text
    assert any(side <= (8, 4, 8) for side in model.network.network.seen)


def test_a_device_on_which_nothing_fits_raises():
    """Down to windows of the network's step, and no further."""
    model = encoder(most=7)
    with pytest.raises(torch.OutOfMemoryError):
        run(model, volumes(8, 8, 8))
    assert model.network.network.seen[-1] == (2, 2, 2)
    assert run(encoder(most=8), volumes(4, 4, 4)).isfinite().all()


def test_entropy_is_that_of_the_mean():
    views = torch.tensor([[0.0, 0.0, 0.2, 1.0], [0.0, 1.0, 0.4, 1.0]], dtype=torch.float64)
    p = 0.3
    middle = -(p * torch.log2(torch.tensor(p)) + (1 - p) * torch.log2(torch.tensor(1 - p)))
    assert entropy(views).tolist() == pytest.approx([0.0, 1.0, middle.item(), 0.0])
