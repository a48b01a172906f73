import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.low_rank import LowRankFusion
from fusion.testing.head_examples import DIMS, OUT, example

DIM, RANK = 6, 3


def built():
    torch.manual_seed(0)
    head = LowRankFusion(dims=DIMS, out_features=OUT, dim=DIM, rank=RANK).double().eval()
    for factor in head.factors.values():
        torch.nn.init.normal_(factor.bias)
    return head


def tensor(head):
    """The weights that the factors stand for: [dim, 1 + mri, 1 + rna, 1 + wsi], the 1 last."""
    a, b, c = (
        torch.cat([f.weight, f.bias[:, None]], dim=1).unflatten(0, (RANK, DIM))
        for _, f in sorted(head.factors.items())
    )
    return torch.einsum("r,rhi,rhj,rhk->hijk", head.weights, a, b, c)


def test_equals_the_full_tensor_applied_to_the_kronecker_product():
    head = built()
    tokens = {m: type(t)(t.features.double(), t.mask) for m, t in example().items()}
    x = [torch.nn.functional.pad(tokens[m].mean(), (0, 1), value=1.0) for m in sorted(DIMS)]
    full = torch.einsum("hijk,bi,bj,bk->bh", tensor(head), *x)
    torch.testing.assert_close(head(tokens).outputs, head.out(full))


def test_the_tensor_has_the_rank_that_was_asked_for():
    """And not rank one, which a sum before the product would give."""
    for slab in tensor(built()):
        assert torch.linalg.matrix_rank(slab.flatten(1)) == RANK


def test_an_absent_modality_starts_as_the_factor_one():
    torch.manual_seed(0)
    head, tokens = LowRankFusion(dims=DIMS, out_features=OUT, dim=DIM).eval(), example()
    nobody = ~torch.stack([t.present for t in tokens.values()]).any(dim=0)
    total = head.out(head.weights.sum().expand(1, DIM))
    torch.testing.assert_close(head(tokens).outputs[nobody], total.expand(int(nobody.sum()), OUT))


def test_rank_zero_is_refused():
    with pytest.raises(ConfigError, match="head low_rank: rank=0; expected at least 1"):
        LowRankFusion(dims=DIMS, out_features=OUT, rank=0)
