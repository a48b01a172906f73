"""Networks that go down and up: their maps are as they say, and misfits are refused."""

from importlib.util import find_spec
from itertools import pairwise

import pytest
import torch
from monai.networks.nets import SegResNetDS

from fusion.encoders.map_networks import MAP_NETWORKS, map_network
from fusion.errors import ConfigError

INSTALLED = [name for name in MAP_NETWORKS if name != "swinunetr" or find_spec("einops")]


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n == "swinunetr")) for n in INSTALLED],
)
def test_maps_are_as_wide_and_as_fine_as_they_say(name):
    torch.manual_seed(0)
    network = map_network(name, channels=2, width=24, layers=(1, 1, 1, 1))
    side = network.step
    maps = network(torch.randn(2, 2, side, side, 2 * side))
    assert [m.shape[1] for m in maps.down] == list(network.down)
    assert [m.shape[1] for m in maps.up] == list(network.up)
    assert maps.up[0].shape[2:] == (side, side, 2 * side)
    for way in (maps.down, maps.up):
        for fine, coarse in pairwise(way):
            assert [2 * n for n in coarse.shape[2:]] == list(fine.shape[2:])
    assert min(maps.down[-1].shape[2:]) == 1


def test_segresnet_is_monais():
    """With its own head put back, the finest map gives what MONAI's network gives."""
    torch.manual_seed(0)
    ours = map_network("segresnet", channels=2, width=8, layers=(1, 2, 1)).eval()
    theirs = SegResNetDS(
        init_filters=8,
        in_channels=2,
        out_channels=3,
        blocks_down=(1, 2, 1),
        norm=("group", {"num_groups": 4}),
    ).eval()
    own = ours.network
    theirs.encoder.load_state_dict(own.encoder.state_dict())
    theirs.up_layers.load_state_dict(own.ups.state_dict(), strict=False)
    image = torch.randn(1, 2, 8, 12, 8)
    head = theirs.up_layers[-1]["head"]
    with torch.no_grad():
        torch.testing.assert_close(head(ours(image).up[0]), theirs(image))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("segresnet", {"width": 12}, "width is 12, expected a multiple of 8"),
        ("segresnet", {"width": 0}, "width is 0, expected a multiple of 8"),
        ("segresnet", {"layers": (1,)}, r"two stages or more, layers are \[1\]"),
        ("segresnet", {"layers": (1, 0)}, r"two stages or more, layers are \[1, 0\]"),
        ("swinunetr", {"layers": (1, 1)}, r"swinunetr has four stages, layers are \[1, 1\]"),
        ("swinunetr", {"width": 8}, "swinunetr's width is 8, expected a multiple of 24"),
        ("unet", {}, "the network 'unet' does not exist, there are segresnet, swinunetr"),
    ],
)
def test_what_does_not_fit_is_refused(name, options, message):
    with pytest.raises(ConfigError, match=message):
        map_network(name, **{"channels": 1, "width": 8, "layers": (1, 1, 1, 1), **options})


def test_swin_without_its_package_is_told(monkeypatch):
    monkeypatch.setattr("fusion.encoders.map_networks.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="swinunetr needs the package einops: pip install einops"):
        map_network("swinunetr", channels=1, width=24, layers=(1, 1, 1, 1))


def test_sides_that_cannot_be_halved_are_refused():
    network = map_network("segresnet", channels=1, width=8, layers=(1, 1, 1))
    with pytest.raises(
        ConfigError, match=r"\(8, 8, 6\) voxels.*must be a multiple of 4; set shape"
    ):
        network(torch.zeros(1, 1, 8, 8, 6))


@pytest.mark.skipif("swinunetr" not in INSTALLED, reason="swinunetr needs einops")
def test_a_last_map_of_one_cell_is_refused():
    network = map_network("swinunetr", channels=1, width=24, layers=(1, 1, 1, 1))
    with pytest.raises(ConfigError, match=r"\(32, 32, 32\) voxels end in a map of one cell"):
        network(torch.zeros(1, 1, 32, 32, 32))
