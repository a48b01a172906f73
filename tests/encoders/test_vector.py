import pytest
import torch

from fusion.encoders.vector import VectorEncoder
from fusion.testing.contracts import check_encoder


@pytest.mark.parametrize("hidden", [(), (16,), (16, 8)])
def test_keeps_the_contract(hidden):
    torch.manual_seed(0)
    check_encoder(VectorEncoder(in_features=6, dim=8, hidden=hidden), torch.randn(5, 6))


@pytest.mark.parametrize("training", [False, True])
def test_activations_stay_standardised_through_many_layers(training):
    """The fixed point of Klambauer 2017: mean 0, variance 1, with alpha dropout as without."""
    torch.manual_seed(0)
    encoder = VectorEncoder(in_features=512, dim=512, hidden=[512] * 15, dropout=0.1)
    features = encoder.train(training)(torch.randn(1000, 512)).features
    # 16 layers of finite width drift by some percent; ReLU or a wrong gain drifts by powers
    assert features.mean().item() == pytest.approx(0.0, abs=0.1)
    assert features.var().item() == pytest.approx(1.0, abs=0.25)


def test_weights_have_variance_one_over_fan_in():
    torch.manual_seed(0)
    encoder = VectorEncoder(in_features=400, dim=300, hidden=())
    weight = encoder.layers[0].weight
    # 120,000 draws: standard error of the variance is 0.4 %
    assert weight.var().item() == pytest.approx(1 / 400, rel=0.02)
    assert not encoder.layers[0].bias.any()
