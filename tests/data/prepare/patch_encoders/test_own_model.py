"""A folder of one's own network: the features are those of its weights, or it is refused."""

import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fusion.data.prepare.patch_encoders.choose import patch_encoder
from fusion.data.prepare.patch_encoders.network import NETWORKS, TileNetwork
from fusion.errors import ConfigError

CARD = {"network": "resnet18", "tile_px": 64, "mpp": 1.0, "mean": [0.5] * 3, "sd": [0.2] * 3}


@pytest.fixture
def saved(tmp_path):
    def folder(**other):
        torch.manual_seed(0)
        network = TileNetwork(str(CARD["network"])).eval()
        save_file(network.state_dict(), tmp_path / "model.safetensors")
        card = {k: v for k, v in {**CARD, **other}.items() if v is not None}
        (tmp_path / "card.json").write_text(json.dumps(card))
        return network

    return folder


def own(folder, **values):
    return patch_encoder(
        "own", folder=str(folder), device="cpu", **{"tile_px": 64, "mpp": 1.0, **values}
    )


@pytest.fixture
def tiles():
    return np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)


def test_features_are_those_of_the_network(saved, tiles, tmp_path):
    network, encoder = saved(), own(tmp_path)
    pixels = (torch.tensor(tiles).permute(0, 3, 1, 2) / 255 - 0.5) / 0.2
    with torch.no_grad():
        expected = network(pixels).numpy()
    assert encoder.dim == expected.shape[1] == 512
    np.testing.assert_allclose(encoder(tiles), expected, atol=1e-5)
    np.testing.assert_allclose(encoder(tiles[3:4]), expected[3:4], atol=1e-5)  # row by row
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again(tiles), encoder(tiles))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_one_vector_per_tile(name):
    network = TileNetwork(name).eval()
    with torch.no_grad():
        found = network(torch.rand(2, 3, 64, 64))
    assert found.shape == (2, network.dim)
    assert float(found.std()) > 0


def test_the_key_is_of_the_weights_and_the_card(saved, tmp_path):
    saved()
    before = own(tmp_path).spec()["sha256"]
    assert own(tmp_path).spec()["sha256"] == before
    torch.manual_seed(1)
    save_file(TileNetwork("resnet18").state_dict(), tmp_path / "model.safetensors")
    assert own(tmp_path).spec()["sha256"] != before


def test_what_does_not_fit_is_refused(saved, tiles, tmp_path):
    with pytest.raises(ConfigError, match=r"card\.json: no such file; train a network"):
        own(tmp_path)
    saved(mean=None)
    with pytest.raises(ConfigError, match="no mean; expected network, tile_px"):
        own(tmp_path)
    saved()
    with pytest.raises(
        ConfigError, match=r"trained on tiles of 64 px at 1 microns .* found 128 px"
    ):
        own(tmp_path, tile_px=128)
    saved(network="resnet34")
    with pytest.raises(ConfigError, match="not the weights of a resnet34"):
        own(tmp_path)(tiles)
    saved(network="resnet81")
    with pytest.raises(ConfigError, match=r"no network 'resnet81'.* did you mean 'resnet18'"):
        own(tmp_path)(tiles)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"no model\.safetensors beside card\.json"):
        own(tmp_path)
