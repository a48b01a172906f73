import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.latent import LatentFusion
from fusion.testing.head_examples import DIMS, OUT, example


def built(rounds):
    torch.manual_seed(0)
    return LatentFusion(dims=DIMS, out_features=OUT, dim=8, latents=3, rounds=rounds).eval()


def test_a_further_round_reads_again_with_the_same_weights():
    """Two rounds are one round that starts from the latents that one round left."""
    once, twice, tokens = built(rounds=1), built(rounds=2), example()
    assert list(once.state_dict()) == list(twice.state_dict())
    states = []
    once.think.register_forward_hook(lambda *call: states.append(call[2][0]))
    once(tokens)
    for i in range(len(states[0])):
        alone = {m: type(t)(t.features[[i]], t.mask[[i]]) for m, t in tokens.items()}
        expected = twice(alone).outputs
        with torch.no_grad():
            kept = once.latents.clone()
            once.latents.copy_(states[0][i])
            # one row against a batch: float32 sums in another order
            torch.testing.assert_close(once(alone).outputs, expected, rtol=1e-4, atol=1e-5)
            once.latents.copy_(kept)


def test_no_rounds_are_refused():
    with pytest.raises(ConfigError, match="head latent: rounds=0; expected at least 1"):
        built(rounds=0)
