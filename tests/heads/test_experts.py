from dataclasses import replace

import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.experts import ExpertFusion, imbalance
from fusion.testing.head_examples import DIMS, OUT, example


def built(**settings):
    torch.manual_seed(0)
    return ExpertFusion(dims=DIMS, out_features=OUT, dim=4, hidden=8, **settings).eval()


def test_only_the_chosen_experts_answer():
    head, tokens = built(experts=5, top=2), example()
    gates = head.gates(tokens)
    assert ((gates > 0).sum(dim=1) == 2).all()
    torch.testing.assert_close(gates.sum(dim=1), torch.ones(len(gates)))
    before = head(tokens).outputs
    with torch.no_grad():
        head.experts[0][-1].bias += 1.0
    # what an expert adds counts as its gate
    torch.testing.assert_close(head(tokens).outputs - before, gates[:, :1].expand(-1, OUT))


def test_the_router_sees_absence_though_the_row_looks_the_same():
    head, tokens = built(top=4), example()
    value = torch.ones(DIMS["mri"])
    with torch.no_grad():
        head.absent[sorted(DIMS).index("mri")] = head.project["mri"](value)
    mri = replace(tokens["mri"], features=value.expand_as(tokens["mri"].features))
    there = replace(mri, mask=torch.ones_like(mri.mask))
    gone = replace(mri, mask=torch.zeros_like(mri.mask))
    rows = [head._routed({**tokens, "mri": t})[0] for t in (there, gone)]
    torch.testing.assert_close(*rows)
    gates = [head.gates({**tokens, "mri": t}) for t in (there, gone)]
    assert ((gates[0] - gates[1]).abs().amax(dim=1) > 1e-3).all()


@pytest.mark.parametrize("experts", [1, 2, 7])
def test_the_penalty_is_zero_where_work_is_even_and_largest_where_one_does_it_all(experts):
    even = torch.eye(experts).repeat(3, 1)
    assert imbalance(even).item() == pytest.approx(0.0, abs=1e-6)
    one = torch.eye(experts)[:1].expand(6, -1)
    assert imbalance(one).item() == pytest.approx(experts - 1, rel=1e-5)


def test_the_penalty_spreads_the_work():
    head, tokens = built(top=4, balance=1.0), example()
    with torch.no_grad():
        head.router.bias.copy_(torch.tensor([3.0, 0.0, 0.0, 0.0]))
    optimizer = torch.optim.SGD(head.router.parameters(), lr=0.5)
    before = imbalance(head.gates(tokens))
    for _ in range(20):
        optimizer.zero_grad()
        head(tokens).penalties["expert_balance"].backward()
        optimizer.step()
    assert imbalance(head.gates(tokens)) < 0.1 * before


def test_more_answers_than_experts_are_refused():
    with pytest.raises(ConfigError, match="top=5 of experts=4; expected no more"):
        built(top=5)
