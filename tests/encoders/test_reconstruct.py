"""Hidden voxels never reach the network, and every tensor of it learns."""

import pytest
import torch

from fusion.encoders.reconstruct import Reconstruction
from fusion.encoders.vector import VectorEncoder
from fusion.encoders.weights_names import network_weights
from fusion.errors import ConfigError
from fusion.types import Volumes
from tests.encoders.weights_examples import tumour, volume

ENCODERS = {
    "tumour": (tumour, "segresnet"),
    "resnet": (volume, "resnet"),
    "densenet": (lambda: volume("densenet"), "densenet"),
    "segresnet": (lambda: volume("segresnet"), "segresnet"),
}


def example(side):
    torch.manual_seed(0)
    volumes = Volumes(
        torch.randn(2, 2, side, side, side), torch.tensor([[True, True], [True, False]])
    )
    return volumes, torch.rand(2, side, side, side) < 0.5


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("side", [16, 18])
def test_what_is_hidden_or_absent_never_matters(name, side):
    encoder = ENCODERS[name][0]()
    model = Reconstruction(encoder, channels=2, shape=(side,) * 3).eval()
    volumes, hidden = example(side)
    hole = hidden[:, None] | ~volumes.channels[:, :, None, None, None]
    junk = Volumes(torch.where(hole, 7.0, volumes.image), volumes.channels)
    with torch.no_grad():
        found = model(volumes, hidden)
        assert torch.equal(found, model(junk, hidden))
    assert found.shape == volumes.image.shape
    shown = Volumes(torch.where(hole, volumes.image, 7.0), volumes.channels)
    with torch.no_grad():
        assert not torch.equal(found, model(shown, hidden))


@pytest.mark.parametrize("name", ENCODERS)
def test_every_tensor_of_the_network_learns(name):
    make, network = ENCODERS[name]
    encoder = make()
    model = Reconstruction(encoder, channels=2, shape=(16, 16, 16))
    before = {k: v.clone() for k, v in network_weights(encoder, network).items()}
    volumes, hidden = example(16)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    (model(volumes, hidden) - 1).square().mean().backward()
    optimizer.step()
    same = [k for k, v in network_weights(encoder, network).items() if torch.equal(v, before[k])]
    assert same == []


def test_an_encoder_of_something_else_is_refused():
    with pytest.raises(ConfigError, match="VectorEncoder is no encoder of volumes"):
        Reconstruction(VectorEncoder(in_features=3, dim=2, hidden=()), channels=2, shape=(8, 8, 8))
