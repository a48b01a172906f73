"""The Weibull likelihood equals its definition, scipy's density and lifelines' fits."""

import numpy as np
import pandas as pd
import pytest
import torch
from lifelines import WeibullAFTFitter, WeibullFitter
from scipy.stats import weibull_min

from fusion.losses.weibull import LIMIT, fit_weibull, weibull_loss


def times(seed, n=300, shape=1.4, scale=600.0, effect=None):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    stretched = scale if effect is None else scale * np.exp(effect * x)
    died = stretched * generator.weibull(shape, n)
    last = generator.uniform(100, 1500, n)
    return x, np.minimum(died, last), died <= last


def tensors(*arrays):
    return [torch.from_numpy(a) for a in arrays]


@pytest.mark.parametrize("log_shape", [-0.7, 0.0, 0.9])
def test_equals_scipys_density_and_survival(log_shape):
    _, time, event = times(0)
    log_scale = np.random.default_rng(1).normal(6, 1, len(time))
    curves = weibull_min(np.exp(log_shape), scale=np.exp(log_scale))
    total = np.where(event, curves.logpdf(time), curves.logsf(time)).sum()
    shape = torch.tensor(log_shape, dtype=torch.float64)
    loss = weibull_loss(*tensors(log_scale), shape, *tensors(time, event))
    assert loss.item() == pytest.approx(-total / len(time), rel=1e-12)


def test_equals_lifelines_likelihood_with_a_covariate():
    x, time, event = times(2, effect=0.5)
    fitted = WeibullAFTFitter().fit(pd.DataFrame({"x": x, "t": time, "e": event}), "t", "e")
    scale, rho = fitted.params_["lambda_"], fitted.params_["rho_"]["Intercept"]
    log_scale = torch.from_numpy(scale["Intercept"] + scale["x"] * x)
    shape = torch.tensor(float(rho), dtype=torch.float64)
    loss = weibull_loss(log_scale, shape, *tensors(time, event))
    assert loss.item() == pytest.approx(-fitted.log_likelihood_ / len(x), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_fit_without_covariates_is_lifelines(seed):
    _, time, event = times(seed)
    scale, shape = fit_weibull(*tensors(time, event))
    fitted = WeibullFitter().fit(time, event)
    # lifelines stops its search when steps fall below about 1e-6
    assert scale == pytest.approx(np.log(fitted.lambda_), abs=1e-4)
    assert shape == pytest.approx(np.log(fitted.rho_), abs=1e-4)


def test_planted_scale_and_shape_are_recovered():
    _, time, event = times(4, n=20_000)
    scale, shape = fit_weibull(*tensors(time, event))
    # with 13,000 events the standard errors are about 0.007 and 0.008
    assert scale == pytest.approx(np.log(600), abs=0.03)
    assert shape == pytest.approx(np.log(1.4), abs=0.03)


def test_the_fit_is_where_the_loss_is_flat():
    _, time, event = times(5)
    fitted = torch.tensor(fit_weibull(*tensors(time, event)), dtype=torch.float64)
    scale, shape = (value.clone().requires_grad_() for value in fitted.unbind())
    weibull_loss(scale.expand(len(time)), shape, *tensors(time, event)).backward()
    assert abs(scale.grad) < 1e-9
    assert abs(shape.grad) < 1e-9


@pytest.mark.parametrize("output", [-1e4, -80.0, 80.0, 1e4])
def test_far_outputs_keep_value_and_gradient_finite(output):
    log_scale = torch.full((2,), output, requires_grad=True)
    shape = torch.tensor(1.0, requires_grad=True)
    days = torch.tensor([1e4, 0.5])
    loss = weibull_loss(log_scale, shape, days, torch.tensor([True, False]))
    loss.backward()
    assert loss.isfinite()
    assert log_scale.grad.isfinite().all()
    assert shape.grad.isfinite()


def test_beyond_the_limit_it_goes_on_straight():
    at = torch.tensor([LIMIT, LIMIT + 1, LIMIT + 2], dtype=torch.float64)
    days, censored = torch.ones(1, dtype=torch.float64), torch.tensor([False])
    zero = torch.tensor(0.0, dtype=torch.float64)
    first, second, third = (weibull_loss(-a[None], zero, days, censored) for a in at)
    assert first.item() == pytest.approx(np.exp(LIMIT))
    assert (second - first).item() == pytest.approx((third - second).item())


def test_nobody_gives_nothing_and_a_day_of_zero_is_refused():
    scale = torch.zeros(0, requires_grad=True)
    nobody = weibull_loss(scale, torch.tensor(0.0), torch.zeros(0), torch.zeros(0).bool())
    nobody.backward()
    assert nobody.item() == 0.0
    with pytest.raises(ValueError, match="a time is 0 days, expected above 0"):
        weibull_loss(torch.zeros(1), torch.tensor(0.0), torch.zeros(1), torch.tensor([True]))


def test_what_no_curve_fits_is_refused():
    days = torch.tensor([5.0, 9.0, 9.0])
    with pytest.raises(ValueError, match="no Weibull curve fits 2 events among 3 patients"):
        fit_weibull(days, torch.tensor([False, True, True]))
    with pytest.raises(ValueError, match="needs an event"):
        fit_weibull(days, torch.zeros(3).bool())
