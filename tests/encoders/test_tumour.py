"""Tokens of a network that outlines: the laws, and how far the outlines reach."""

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch

from fusion.encoders.map_networks import map_network
from fusion.encoders.tumour import TumourEncoder, bits, pooled, under
from fusion.errors import ConfigError
from fusion.losses.regions import deep_region_loss
from fusion.testing.contracts import check_encoder
from fusion.testing.encoder_laws import every_real_input_matters, gives_tokens, take
from fusion.types import Volumes


def encoder(name="segresnet", layers=(1, 1, 1), supervised=2, regions=2, **more):
    torch.manual_seed(0)
    width, layers = (24, (1, 1, 1, 1)) if name == "swinunetr" else (8, layers)
    network = map_network(name, channels=3, width=width, layers=layers)
    return TumourEncoder(
        network=network, channels=3, regions=regions, dim=6, supervised=supervised, **more
    )


def volumes(side=16, outlined=True):
    random = torch.Generator().manual_seed(1)
    image = torch.randn(4, 3, side, side, side, generator=random)
    channels = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 0, 1], [1, 1, 0]]).bool()
    if not outlined:
        return Volumes(image, channels)
    regions = torch.randint(0, 4, (4, side, side, side), generator=random, dtype=torch.uint8)
    known = torch.tensor([[1, 1], [1, 0], [0, 0], [0, 1]]).bool()
    return Volumes(image, channels, regions, known)


def rerun(model, x):
    torch.manual_seed(5)  # of tokens that training hides
    return model(x)


def test_laws():
    """1e-4 because the shape's numbers and maxima stand beside sums over 16 ** 3 voxels."""
    check_encoder(encoder(), volumes(outlined=False), tolerance=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("einops") is None, reason="swinunetr needs einops")
def test_laws_with_attention():
    """Two of them: the others hold for its layers in `test_volume`."""
    x = take(volumes(32, outlined=False), [0, 1, 2])
    wide = Volumes(torch.cat([x.image, x.image.flip(4)], dim=4), x.channels)
    for law in (gives_tokens, every_real_input_matters):
        law(encoder("swinunetr"), wide, 1e-4)


def test_laws_with_outlines():
    check_encoder(encoder(), volumes(), tolerance=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_outlines_never_reach_the_tokens(training):
    """Bit for bit, whatever they say and whether there are any."""
    model, x = encoder().train(training), volumes()
    plain = rerun(model, replace(x, regions=None, known=None))
    for other in (x, replace(x, regions=3 - x.regions), replace(x, known=~x.known)):
        found = rerun(model, other)
        assert torch.equal(found.features, plain.features)
        assert torch.equal(found.mask, plain.mask)
        assert set(found.penalties) == {"segmentation"}
    assert plain.penalties == {}


@pytest.mark.parametrize("training", [True, False])
def test_the_penalty_is_the_loss_of_its_maps(training):
    model, x = encoder().train(training), volumes()
    maps = model.maps(x).up
    logits = [head(found) for head, found in zip(model.outline, maps[:2], strict=True)]
    truth = torch.stack([x.regions & 1, x.regions >> 1], dim=1).float()
    expected = deep_region_loss(logits, truth, x.known)
    torch.testing.assert_close(rerun(model, x).penalties["segmentation"], expected)


def test_nothing_known_is_no_penalty():
    x = volumes()
    assert encoder()(replace(x, known=x.known & False)).penalties == {}


def test_no_gradient_passes_from_the_tokens_into_the_mask():
    model = encoder()
    model(volumes()).features.square().sum().backward()
    assert all(p.grad is None for p in model.outline.parameters())
    model.zero_grad()
    model(volumes()).penalties["segmentation"].backward()
    assert all(p.grad.any() for p in model.outline.parameters())
    assert all(p.grad is None for p in model.project.parameters())


def test_every_weight_learns():
    """Tokens and penalty together leave none without a gradient, which DDP would stumble over."""
    model = encoder()
    tokens = model(volumes())
    weight = torch.linspace(0.5, 1.5, 6)
    ((tokens.features * weight).square().sum() + tokens.penalties["segmentation"]).backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_what_cannot_be_is_refused():
    for options in ({"regions": 0}, {"supervised": 0}, {"supervised": 3}):
        with pytest.raises(ConfigError, match=r"give one region or more, and 1 to 2 maps"):
            encoder(**options)


def test_bits_are_maps():
    regions = torch.randint(0, 256, (2, 3, 4, 5), dtype=torch.uint8)
    found = bits(regions, 8)
    assert torch.equal(sum(found[:, r].to(torch.int) << r for r in range(8)), regions.int())


def test_pooling_under_a_mask_is_a_loop():
    """Cells of a coarser map are weighted by how much of them lies inside."""
    random = torch.Generator().manual_seed(0)
    share = torch.rand(2, 3, 8, 4, 4, generator=random, dtype=torch.float64)
    features = torch.randn(2, 5, 4, 2, 2, generator=random, dtype=torch.float64)
    found = under(share, features).reshape(2, 3, 5)
    for i in range(2):
        for region in range(3):
            total, weights = torch.zeros(5, dtype=torch.float64), 0.0
            for x, y, z in torch.cartesian_prod(*map(torch.arange, (4, 2, 2))).tolist():
                cell = share[i, region, 2 * x : 2 * x + 2, 2 * y : 2 * y + 2, 2 * z : 2 * z + 2]
                total = total + cell.mean() * features[i, :, x, y, z]
                weights = weights + cell.mean()
            torch.testing.assert_close(found[i, region], total / weights)


def test_pooling_under_nothing_is_nothing():
    features = torch.randn(1, 4, 2, 2, 2)
    assert not under(torch.zeros(1, 2, 2, 2, 2), features).any()


def test_mean_and_maximum_of_each_map():
    maps = [torch.randn(2, 3, 4, 4, 4), torch.randn(2, 5, 2, 2, 2)]
    found = pooled(maps)
    expected = [f(m, (2, 3, 4)) for m in maps for f in (torch.mean, torch.amax)]
    torch.testing.assert_close(found, torch.cat(expected, dim=1))
