"""Outputs and the probabilities that they mean, both ways; hazards moved to other intervals."""

import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.columns import (
    Columns,
    from_log_shares,
    in_intervals,
    log_shares,
    other_intervals,
    overlap,
    places,
)
from fusion.losses.ordinal import ordinal_probabilities
from fusion.tasks.discrete_time import DiscreteTime


def outputs(width, seed=0):
    return 3 * torch.randn(20, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", ["classes", "steps", "hazards"])
def test_shares_are_probabilities_and_lead_back(kind):
    x = outputs(4)
    shares = log_shares(x, kind)
    # sums of five float32
    torch.testing.assert_close(shares.exp().sum(dim=1), torch.ones(20), rtol=0, atol=1e-6)
    again = from_log_shares(shares, kind)
    torch.testing.assert_close(log_shares(again, kind), shares, rtol=1e-5, atol=1e-5)
    if kind != "classes":  # whose zero is open
        torch.testing.assert_close(again, x, rtol=1e-4, atol=1e-4)


def test_shares_are_what_the_tasks_predict():
    x = outputs(3)
    torch.testing.assert_close(log_shares(x, "steps").exp(), ordinal_probabilities(x))
    task = DiscreteTime(bins=3, horizons_days=[10.0, 20.0])
    task.edges.copy_(torch.tensor([0.0, 10.0, 20.0, 30.0]))
    predicted, shares = task.predict(x), log_shares(x, "hazards").exp()
    torch.testing.assert_close(predicted["survival_10"], 1 - shares[:, 0])
    torch.testing.assert_close(predicted["survival_20"], 1 - shares[:, :2].sum(dim=1))


def test_extreme_outputs_stay_finite():
    for kind in ("classes", "steps", "hazards"):
        shares = log_shares(torch.tensor([[-200.0, 200.0, -200.0]]), kind)
        assert shares.isfinite().all()
        assert from_log_shares(shares, kind).isfinite().all()


def test_hazards_in_other_intervals_give_the_same_survival_where_both_have_an_edge():
    mine, theirs = torch.tensor([0.0, 10.0, 20.0, 40.0]), torch.tensor([0.0, 5.0, 20.0, 60.0])
    before = DiscreteTime(bins=3, horizons_days=[5.0, 20.0, 50.0])
    after = DiscreteTime(bins=3, horizons_days=[5.0, 20.0, 50.0])
    before.edges.copy_(mine)
    after.edges.copy_(theirs)
    x = outputs(3)
    moved = after.predict(other_intervals(x, overlap(mine, theirs)))
    plain = before.predict(x)
    for name in ("survival_5", "survival_20"):
        # an interval that only half lies within has half of its hazard
        torch.testing.assert_close(moved[name], plain[name], rtol=1e-4, atol=1e-5)
    whole = torch.eye(4)
    whole[1:, 1:] = overlap(mine, theirs)
    both = in_intervals(
        torch.cat([x[:, :1], x], dim=1),
        places([Columns("plain", 1), Columns("hazards", 3)], 4),
        whole,
    )
    torch.testing.assert_close(both[:, 0], x[:, 0], rtol=0, atol=0)
    torch.testing.assert_close(both[:, 1:], other_intervals(x, overlap(mine, theirs)))


def test_the_same_intervals_change_nothing():
    edges = torch.tensor([0.0, 10.0, 20.0, 40.0])
    # hazards above 1e-3, where the floor of 1e-6 is far
    torch.testing.assert_close(
        other_intervals(outputs(3).clamp(min=-7), overlap(edges, edges)),
        outputs(3).clamp(min=-7),
        rtol=1e-4,
        atol=1e-4,
    )


def test_columns_that_do_not_fill_the_outputs_are_refused():
    with pytest.raises(ConfigError, match="describe 3 outputs, the head has 4"):
        places([Columns("classes", 2), Columns("plain", 1)], 4)
