"""Noise and gamma: what they change, what they keep, and the background."""

import pytest
import torch

from fusion.data.contrast_volume import add_noise, change_gamma


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def heads(n=30):
    image = torch.randn(n, 2, 12, 12, 12, generator=seeded(5)) * 2 + 1
    image[:, :, :4] = 0
    return image


def test_noise_is_gaussian_of_every_size_up_to_the_largest():
    before = heads()
    noise = (add_noise(before, seeded(), 0.5) - before)[:, :, 4:].flatten(2)
    sd, mean = noise.std(dim=2), noise.mean(dim=2)
    assert sd.max() < 0.55  # 1152 voxels tell an SD to 2 %
    assert sd.mean() == pytest.approx(0.25, abs=4 * 0.5 / (12 * 60) ** 0.5)
    assert mean.abs().max() < 5 * 0.5 / 1152**0.5
    kurtosis = ((noise / sd[..., None]) ** 4).mean()
    assert kurtosis == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("change", [add_noise, change_gamma])
def test_the_background_stays_0_and_one_seed_gives_one_result(change):
    before = heads()
    after = change(before, seeded(), 0.7)
    assert not after[:, :, :4].any()
    assert torch.equal(after, change(before, seeded(), 0.7))
    assert not torch.equal(after, change(before, seeded(1), 0.7))
    assert torch.equal(before, heads())


def test_gamma_keeps_order_mean_and_sd():
    """In single precision over 1152 voxels: 1e-4 is ten times its rounding."""
    before = heads()
    x, y = (v[:, :, 4:].flatten(2) for v in (before, change_gamma(before, seeded(), 0.7)))
    torch.testing.assert_close(y.mean(dim=2), x.mean(dim=2), atol=1e-4, rtol=0)
    torch.testing.assert_close(y.std(dim=2), x.std(dim=2), atol=1e-4, rtol=0)
    order = x.argsort(dim=2)
    assert (y.gather(2, order).diff(dim=2) >= -1e-5).all()


def test_gamma_is_the_power_of_the_range():
    """Brute force for one channel, up to the line that mean and SD fix."""
    x = torch.tensor([1.0, 2.0, 3.0, 5.0])
    y = change_gamma(x.view(1, 1, 1, 1, 4), seeded(3), 0.7).flatten()
    draw = 1 - 2 * torch.rand(1, 1, generator=seeded(3)).item()
    bent = ((x - 1) / 4) ** torch.tensor(0.7 * draw).exp()
    expected = (bent - bent.mean()) / bent.std() * x.std() + x.mean()
    torch.testing.assert_close(y, expected, atol=1e-5, rtol=0)


def test_a_channel_without_contrast_or_without_anything_is_left():
    image = torch.zeros(1, 2, 3, 3, 3)
    image[0, 1, 1:] = 4.0
    assert torch.equal(change_gamma(image, seeded(), 0.7), image)
