import json

import numpy as np
import pytest

from fusion.data.prepare.scale import Scale, fit_scale


def test_parts_give_what_the_whole_gives():
    random = np.random.default_rng(0)
    whole = (random.normal(50, 0.1, (1000, 4)) * [1, 10, 100, 1]).astype(np.float16)
    scale = fit_scale(np.split(whole, [0, 1, 7, 500]))
    np.testing.assert_allclose(scale.mean, whole.astype(float).mean(0), rtol=1e-12)
    np.testing.assert_allclose(scale.sd, whole.astype(float).std(0), rtol=1e-9)
    applied = scale.apply(whole)
    assert applied.dtype == np.float32
    np.testing.assert_allclose(applied.mean(0), 0, atol=2e-3)  # float32 of values near 5000
    np.testing.assert_allclose(applied.std(0), 1, atol=1e-3)


def test_a_feature_that_never_varies_becomes_zero():
    part = np.column_stack([np.full(5, 0.1), np.arange(5.0)]).astype(np.float16)
    assert (fit_scale([part]).apply(part)[:, 0] == 0).all()


def test_state_is_exact_through_json():
    scale = fit_scale([np.random.default_rng(0).normal(size=(9, 3))])
    again = Scale.from_state(json.loads(json.dumps(scale.state())))
    np.testing.assert_array_equal(again.mean, scale.mean)
    np.testing.assert_array_equal(again.sd, scale.sd)


def test_nothing_to_fit_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        fit_scale([np.zeros((0, 3))])
