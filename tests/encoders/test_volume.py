"""The laws of encoders on every backbone, and that a pooled token still sees a small lesion."""

from importlib.util import find_spec

import pytest
import torch
from torch import nn

from fusion.encoders.backbones import BACKBONES, volume_backbone
from fusion.encoders.volume import VolumeEncoder
from fusion.errors import ConfigError
from fusion.testing.encoder_laws import ENCODER_LAWS
from fusion.types import Volumes

INSTALLED = [name for name in BACKBONES if name != "swinunetr" or find_spec("einops")]


def encoder(name="resnet", channels=3, pool="mean", dim=6):
    torch.manual_seed(0)
    backbone, features = volume_backbone(name, channels=channels, width=8, layers=(1, 1, 1, 1))
    return VolumeEncoder(
        backbone=backbone, features=features, channels=channels, dim=dim, pool=pool
    )


def volumes():
    image = torch.randn(4, 3, 32, 32, 32, generator=torch.Generator().manual_seed(1))
    channels = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 0, 1], [1, 1, 0]]).bool()
    return Volumes(image, channels)


@pytest.mark.parametrize("pool", ["mean", "grid"])
@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("law", ENCODER_LAWS, ids=lambda law: law.__name__)
def test_laws(law, name, pool):
    law(encoder(name, pool=pool), volumes(), 1e-5)


def test_an_absent_channel_is_a_learned_constant():
    model = encoder()
    model(volumes()).features.square().sum().backward()
    assert (model.absent.grad != 0).all()
    with torch.no_grad():
        before = model(volumes()).features
        model.absent += 1.0
        moved = (model(volumes()).features - before).abs().amax(dim=(1, 2)) > 1e-4
    assert moved.tolist() == [False, True, True, True]


def test_the_grid_has_one_token_for_each_cell():
    tokens = encoder("segresnet", pool="grid")(volumes())
    assert tokens.features.shape == (4, 4**3, 6)
    mean = encoder("segresnet")(volumes())
    assert mean.features.shape == (4, 1, 6)


def test_batch_norm_is_refused():
    backbone = nn.Sequential(nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4))
    with pytest.raises(ConfigError, match=r"batch norm \(1 and 0 more\); take group or instance"):
        VolumeEncoder(backbone=backbone, features=4, channels=1, dim=2)


def test_an_unknown_pool_is_refused():
    with pytest.raises((ConfigError, TypeError), match="max"):
        VolumeEncoder(backbone=nn.Identity(), features=4, channels=1, dim=2, pool="max")


def blobs(n, seed, radius, brightness):
    """Noise with one blob in a random place: what a lesion is to the network."""
    g = torch.Generator().manual_seed(seed)
    image = torch.randn(n, 1, 24, 24, 24, generator=g)
    grid = torch.stack(torch.meshgrid(*[torch.arange(24.0)] * 3, indexing="ij"))
    for i in range(n):
        centre = torch.randint(6, 18, (3,), generator=g).float()[:, None, None, None]
        inside = (grid - centre).norm(dim=0) <= radius[i]
        image[i, 0][inside] += brightness[i]
    return Volumes(image, torch.ones(n, 1, dtype=torch.bool))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["radius", "brightness"])
def test_a_planted_blob_is_learned(what):
    """Group norm and a mean leave the size and the brightness of a lesion to be learned."""
    g = torch.Generator().manual_seed(2)
    y = torch.rand(128, generator=g)
    radius = 2 + 3 * y if what == "radius" else torch.full((128,), 4.0)
    brightness = 1 + 3 * y if what == "brightness" else torch.full((128,), 3.0)
    data = blobs(128, 3, radius, brightness)
    torch.manual_seed(0)
    backbone, features = volume_backbone("resnet", channels=1, width=8, layers=(1, 1))
    model = nn.ModuleDict(
        {
            "encoder": VolumeEncoder(backbone=backbone, features=features, channels=1, dim=8),
            "head": nn.Linear(8, 1),
        }
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    def predict(rows):
        tokens = model["encoder"](Volumes(data.image[rows], data.channels[rows]))
        return model["head"](tokens.mean())[:, 0]

    for _ in range(12):
        for rows in torch.randperm(96, generator=g).split(16):
            loss = (predict(rows) - y[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        unseen = predict(torch.arange(96, 128))
    assert torch.corrcoef(torch.stack([unseen, y[96:]]))[0, 1] > 0.9
