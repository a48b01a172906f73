"""A planted temperature is found again, and nothing else moves."""

import pytest
import torch
from torch import nn

from fusion.encoders.map_networks import MapNetwork, Maps
from fusion.encoders.outline_temperature import _best, fit_temperature
from fusion.encoders.tumour import TumourEncoder
from fusion.types import Volumes


class Through(nn.Module):
    def forward(self, image):
        return Maps([image, nn.functional.avg_pool3d(image, 2)], [image])


def encoder():
    """Its logits are its channels."""
    network = MapNetwork(Through(), [3, 3], [3], 2)
    model = TumourEncoder(network=network, channels=3, regions=3, dim=4, supervised=1)
    with torch.no_grad():
        model.outline[0].weight.copy_(torch.eye(3)[:, :, None, None, None])
        model.outline[0].bias.zero_()
    return model.eval()


def patient(seed, temperatures, known=(True, True, True)):
    """Outlines drawn with the probabilities of logits / T; 24 ** 3 voxels."""
    random = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(1, 3, 24, 24, 24, generator=random)
    share = torch.sigmoid(logits / torch.tensor(temperatures)[:, None, None, None])
    inside = torch.rand(share.shape, generator=random) < share
    regions = sum((inside[:, r].to(torch.uint8) << r) for r in range(3)).to(torch.uint8)
    return Volumes(logits, torch.ones(1, 3, dtype=torch.bool), regions, torch.tensor([known]))


def test_a_planted_temperature_is_found():
    """3 percent: 4 x 20,000 voxels leave a standard error of 1 percent or less."""
    model, planted = encoder(), (0.5, 1.0, 3.0)
    fit_temperature(model, [patient(n, planted) for n in range(4)], seed=0)
    assert model.temperature.tolist() == pytest.approx(planted, rel=0.03)


def test_what_nobody_outlined_keeps_one():
    model = encoder()
    nobody = patient(1, (2.0, 2.0, 2.0), known=(False, False, False))
    plain = Volumes(nobody.image, nobody.channels)
    fit_temperature(model, [plain, nobody], seed=0)
    assert model.temperature.tolist() == [1.0, 1.0, 1.0]
    fit_temperature(model, [plain, patient(0, (2.0, 2.0, 2.0), (True, False, False))], seed=0)
    assert model.temperature[0].item() == pytest.approx(2.0, rel=0.06)
    assert model.temperature[1:].tolist() == [1.0, 1.0]


def test_masks_and_weights_do_not_move():
    model, x = encoder(), patient(0, (2.0, 0.5, 3.0))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    logits = model.region_logits(x)
    fit_temperature(model, [x], seed=0)
    after = model.state_dict()
    assert {k for k in before if not torch.equal(before[k], after[k])} == {"temperature"}
    assert torch.equal(model.region_logits(x), logits)
    assert (model.temperature > 0).all()


def test_one_seed_gives_one_temperature():
    def fitted(seed):
        model = encoder()
        fit_temperature(model, [patient(0, (2.0, 2.0, 2.0))], seed=seed)
        return model.temperature.tolist()

    assert fitted(0) == fitted(0) != fitted(1)


def test_the_search_finds_the_least_of_a_grid():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(500, generator=random)
    truth = (torch.rand(500, generator=random) < torch.sigmoid(logits / 1.7)).float()
    grid = torch.linspace(-2, 3, 2001).exp()
    costs = [nn.functional.binary_cross_entropy_with_logits(logits / t, truth) for t in grid]
    best = grid[int(torch.stack(costs).argmin())].item()
    assert _best(logits, truth) == pytest.approx(best, rel=0.01)
