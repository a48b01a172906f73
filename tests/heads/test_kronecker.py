from functools import reduce

import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.kronecker import KroneckerFusion, kronecker
from fusion.testing.head_examples import DIMS, OUT, example


def test_equals_torchs_own_product_of_each_patient():
    draw = torch.Generator().manual_seed(0)
    parts = [torch.randn(5, d, generator=draw) for d in (2, 3, 4)]
    for i, row in enumerate(kronecker(parts)):
        longer = [torch.cat([p[i], torch.ones(1)]) for p in parts]
        torch.testing.assert_close(row, reduce(torch.kron, longer))


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_absent_part_leaves_the_product_of_the_others(gone):
    draw = torch.Generator().manual_seed(0)
    parts = [torch.randn(5, d, generator=draw) for d in (2, 3, 4)]
    others = [p for i, p in enumerate(parts) if i != gone]
    parts[gone] = torch.zeros_like(parts[gone])
    cube = kronecker(parts).unflatten(1, (3, 4, 5)).movedim(gone + 1, 1)
    assert torch.equal(cube[:, -1].flatten(1), kronecker(others))
    assert not cube[:, :-1].any()


def test_gates_read_the_others_that_are_there_and_are_open_where_none_is():
    torch.manual_seed(0)
    head, tokens = KroneckerFusion(dims=DIMS, out_features=OUT, dim=4).eval(), example()
    x = {m: head.project[m](tokens[m].mean()) for m in DIMS}
    result = head(tokens).outputs
    for i in range(len(result)):
        have = [m for m in sorted(DIMS) if tokens[m].present[i]]
        parts = []
        for m in sorted(DIMS):
            hidden = head.hidden[m](x[m][i])
            scores = [head.gates[m][j](x[m][i], x[j][i]) for j in have if j != m]
            if scores:
                hidden = torch.sigmoid(torch.stack(scores).mean(dim=0)) * hidden
            gated = head.gated[m](hidden)
            parts.append(gated[None] if m in have else torch.zeros(1, 4))
        expected = head.out(torch.cat([head.read(kronecker(parts)), *parts], dim=1))
        # one row against a batch: float32 sums in another order
        torch.testing.assert_close(result[i], expected[0], rtol=1e-5, atol=1e-6)


def test_a_product_too_wide_is_refused_with_what_would_fit():
    message = (
        r"3 modalities of dim=50 make 132,651 products, more than max_width=65,536; "
        r"take dim=39 or less, fewer modalities, or head=low_rank"
    )
    with pytest.raises(ConfigError, match=message):
        KroneckerFusion(dims=DIMS, out_features=OUT, dim=50)
    KroneckerFusion(dims=DIMS, out_features=OUT, dim=39, hidden=1)
    with pytest.raises(ConfigError, match="take dim=0 or less, fewer modalities"):
        KroneckerFusion(dims=DIMS, out_features=OUT, dim=1, max_width=7)
