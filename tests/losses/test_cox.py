"""The Cox loss equals its definition, in any order, with ties, at any size of hazard."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from fusion.losses.cox import cox_loss, log_risk


def brute_force(log_hazard, time, event, ties):
    """The definition, event by event, in exact log space."""

    def log_sum(values):
        peak = max(values)
        return peak + math.log(math.fsum(math.exp(v - peak) for v in values))

    n, total = len(time), 0.0
    for day in sorted({t for t, e in zip(time, event, strict=True) if e}):
        risk = log_sum([log_hazard[i] for i in range(n) if time[i] >= day])
        died = [log_hazard[i] for i in range(n) if time[i] == day and event[i]]
        for rank, value in enumerate(died):
            fraction = rank / len(died) if ties == "efron" else 0.0
            total += risk + math.log1p(-fraction * math.exp(log_sum(died) - risk)) - value
    return total / sum(event)


cohorts = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.floats(-200, 200)), min_size=1, max_size=25
)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@settings(max_examples=150, deadline=None)
@given(rows=cohorts)
def test_equals_brute_force_with_finite_gradients(ties, rows):
    # few days: ties among events, and censoring on the day of an event, in nearly every draw
    time, event, value = map(list, zip(*rows, strict=True))
    log_hazard = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    loss = cox_loss(log_hazard, torch.tensor(time).double(), torch.tensor(event), ties=ties)
    loss.backward()
    assert log_hazard.grad is not None
    assert log_hazard.grad.isfinite().all()
    expected = brute_force(value, time, event, ties) if any(event) else 0.0
    # float64 rounding of sums of up to 25 terms of size 400
    assert loss.item() == pytest.approx(expected, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_order_of_rows_never_matters(ties):
    generator = torch.Generator().manual_seed(0)
    time = torch.randint(1, 10, (200,), generator=generator).double()
    event = torch.rand(200, generator=generator) < 0.5
    log_hazard = torch.randn(200, generator=generator, dtype=torch.float64)
    losses = []
    for _ in range(20):
        order = torch.randperm(200, generator=generator)
        losses.append(cox_loss(log_hazard[order], time[order], event[order], ties=ties).item())
    assert np.ptp(losses) < 1e-12


def test_censored_on_the_day_of_an_event_is_at_risk():
    # torchsurv 0.2.0 gives 3.0949 or 0.6931 here, by the order of rows; 3.0949 is the definition
    log_hazard = torch.tensor([0.0, math.log(math.exp(3.0949) - 2), 0.0])
    time = torch.tensor([5.0, 5.0, 9.0])
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        event = torch.tensor([True, False, False])
        loss = cox_loss(log_hazard[order], time[order], event[order])
        assert loss.item() == pytest.approx(3.0949, abs=1e-5)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("size", [100.0, 200.0])
def test_float32_stays_finite_and_near_float64(ties, size):
    generator = torch.Generator().manual_seed(1)
    time = torch.randint(1, 8, (64,), generator=generator).float()
    event = torch.rand(64, generator=generator) < 0.6
    wide = (torch.rand(64, generator=generator) * 2 - 1) * size
    narrow = wide.clone().requires_grad_()
    loss = cox_loss(narrow, time, event, ties=ties)
    loss.backward()
    exact = wide.double().requires_grad_()
    reference = cox_loss(exact, time.double(), event, ties=ties)
    reference.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(reference.item(), rel=1e-6)  # float32's precision
    assert torch.allclose(narrow.grad.double(), exact.grad, atol=1e-5)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_gradient_is_the_slope(ties):
    generator = torch.Generator().manual_seed(2)
    time = torch.randint(1, 5, (12,), generator=generator).double()
    event = torch.rand(12, generator=generator) < 0.7
    log_hazard = torch.randn(12, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: cox_loss(x, time, event, ties=ties), log_hazard)


def test_without_events_is_exactly_zero_and_connected():
    weight = torch.randn(3, requires_grad=True)
    loss = cox_loss(weight * 2, torch.tensor([1.0, 2.0, 3.0]), torch.zeros(3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0.0
    assert weight.grad.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("patients", [0, 1])
def test_one_patient_or_none_tells_nothing(patients):
    log_hazard = torch.ones(patients, requires_grad=True)
    loss = cox_loss(log_hazard, torch.ones(patients), torch.ones(patients, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0.0
    assert not log_hazard.grad.any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    loss = cox_loss(torch.zeros(4, dtype=dtype), torch.arange(4.0), torch.ones(4).bool())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(math.log(24) / 4)


def test_efron_equals_lifelines_at_its_optimum():
    generator = np.random.default_rng(3)
    x = generator.normal(size=(150, 2))
    table = pd.DataFrame(x, columns=["a", "b"])
    table["time"] = np.ceil(generator.exponential(np.exp(-x[:, 0]) * 10))
    table["event"] = generator.random(150) < 0.7
    fitted = CoxPHFitter().fit(table, "time", "event")
    log_hazard = torch.from_numpy(x @ fitted.params_.to_numpy())
    event = torch.tensor(table["event"].to_numpy())
    loss = cox_loss(log_hazard, torch.tensor(table["time"].to_numpy()), event, ties="efron")
    assert -loss.item() * int(event.sum()) == pytest.approx(fitted.log_likelihood_, rel=1e-9)


def test_gradient_descent_recovers_a_planted_coefficient():
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(3000, 2, generator=generator, dtype=torch.float64)
    planted = torch.tensor([0.8, -0.5], dtype=torch.float64)
    uniform = torch.rand(3000, generator=generator, dtype=torch.float64)
    time = -uniform.log() / (x @ planted).exp()
    event = torch.rand(3000, generator=generator) < 0.8  # censoring that tells nothing
    beta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([beta], max_iter=50)

    def step():
        optimizer.zero_grad()
        loss = cox_loss(x @ beta, time, event)
        loss.backward()
        return loss

    optimizer.step(step)
    # standard error is about 1 / sqrt(2400 events) = 0.02; censoring at the event's own time
    # dilutes nothing in the hazard ratio
    assert torch.allclose(beta.detach(), planted, atol=0.08)


def test_unknown_ties_are_refused():
    unchecked = getattr(cox_loss, "__wrapped__", cox_loss)  # the type checker would be first
    with pytest.raises(ValueError, match="ties is 'exact', expected 'breslow' or 'efron'"):
        unchecked(torch.zeros(1), torch.ones(1), torch.ones(1).bool(), ties="exact")


def test_nobody_at_risk_is_refused():
    with pytest.raises(ValueError, match=r"nobody is at risk on day 9: .* is 2 days"):
        log_risk(torch.zeros(2), torch.tensor([1.0, 2.0]), torch.tensor([9.0]))
