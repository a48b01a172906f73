import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.pooled import PooledFusion
from fusion.testing.head_examples import DIMS, OUT, example


@pytest.mark.parametrize("how", ["mean", "max"])
def test_equals_its_definition_by_hand(how):
    torch.manual_seed(0)
    head, tokens = PooledFusion(dims=DIMS, out_features=OUT, how=how, dim=8).eval(), example()
    result = head(tokens).outputs
    for i in range(len(result)):
        rows = [head.project[m](tokens[m].mean())[i] for m in DIMS if tokens[m].present[i]]
        stacked = torch.stack(rows) if rows else torch.zeros(1, 8)
        pooled = stacked.mean(dim=0) if how == "mean" else stacked.amax(dim=0)
        # one row against a batch: float32 sums in another order
        torch.testing.assert_close(result[i], head.out(pooled), rtol=1e-5, atol=1e-6)


def test_another_way_to_pool_is_refused():
    with pytest.raises(ConfigError, match="how='sum' does not exist, expected 'mean' or 'max'"):
        PooledFusion(dims=DIMS, out_features=OUT, how="sum")
