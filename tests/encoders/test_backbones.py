"""Networks are named, small, and free of batch norm."""

from importlib.util import find_spec

import pytest
import torch
from torch import nn

from fusion.encoders import backbones
from fusion.encoders.backbones import BACKBONES, volume_backbone
from fusion.errors import ConfigError

INSTALLED = [name for name in BACKBONES if name != "swinunetr" or find_spec("einops")]


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("width", [8, 24])
def test_a_map_of_the_promised_features_without_batch_norm(name, width):
    network, features = volume_backbone(name, channels=4, width=width, layers=(1, 2, 1, 1))
    assert network(torch.randn(1, 4, 32, 32, 32)).shape[:2] == (1, features)
    kinds = {type(module) for module in network.modules()}
    assert nn.BatchNorm3d not in kinds
    assert kinds & {nn.GroupNorm, nn.LayerNorm}


@pytest.mark.parametrize("name", INSTALLED)
def test_every_weight_is_used(name):
    """No decoder and no classifier is carried along, which DDP would stumble over."""
    network, _ = volume_backbone(name, channels=2, width=8, layers=(1, 1, 1, 1))
    network(torch.randn(2, 2, 32, 32, 32)).square().sum().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["densenet", "resnet", "segresnet"])
def test_each_stage_but_the_first_halves_the_map(name, stages):
    network, features = volume_backbone(name, channels=1, width=8, layers=(1,) * stages)
    found = network(torch.randn(1, 1, 64, 64, 64)).shape
    first = 64 if name == "segresnet" else 16
    assert found == (1, features, *[first // 2 ** (stages - 1)] * 3)


@pytest.mark.skipif(not find_spec("einops"), reason="swinunetr needs einops")
def test_swinunetr_has_four_stages():
    with pytest.raises(ConfigError, match=r"swinunetr has four stages, layers are \[1, 1\]"):
        volume_backbone("swinunetr", channels=1, width=8, layers=(1, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "resnt"}, r"'resnt' does not exist, there are densenet.*did you mean 'resnet'\?"),
        ({"name": "?"}, "swinunetr$"),
        ({"width": 12}, "width is 12, expected a multiple of 8"),
        ({"width": 0}, "width is 0, expected a multiple of 8"),
        ({"layers": (1,) * 5}, "resnet has up to four stages"),
        ({"layers": (1, 1, 0, 1)}, "expected 1 or more per stage"),
        ({"layers": ()}, "expected 1 or more per stage"),
    ],
)
def test_what_does_not_fit_is_named(options, message):
    values = {"name": "resnet", "channels": 1, "width": 8, "layers": (1, 1, 1, 1), **options}
    with pytest.raises(ConfigError, match=message):
        volume_backbone(values.pop("name"), **values)


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(backbones, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="swinunetr needs the package einops: pip install einops"):
        volume_backbone("swinunetr", channels=1, width=8, layers=(1, 1, 1, 1))
