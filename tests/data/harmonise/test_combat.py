"""ComBat removes what was planted, keeps what must be kept, and is what others compute."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from fusion.data.harmonise.combat import Combat
from fusion.data.harmonise.shrink import shrink
from fusion.errors import ConfigError


def applied(combat, values, centers, covariates=None):
    covariates = np.zeros((len(values), 0)) if covariates is None else covariates
    rows = []
    for value, center, x in zip(values, centers, covariates, strict=True):
        factor, summand = combat.map(combat.effects[center], x)
        rows.append(value * factor + summand)
    return np.array(rows)


def plain(values):
    return np.zeros((len(values), 0))


def planted(seed=0, patients=120, features=40, stretch=(0.5, 2.0)):
    """Age moves every feature; three centres shift and stretch each by amounts of their own."""
    rng = np.random.default_rng(seed)
    centers = rng.choice(["A", "B", "C"], patients)
    which = np.searchsorted(["A", "B", "C"], centers)
    age = rng.normal(60, 10, patients) - 5 * which  # B and C are younger
    clean = rng.normal(size=(patients, features)) + 0.08 * age[:, None]
    shift, scale = rng.normal(0, 2, (3, features)), rng.uniform(*stretch, (3, features))
    spoilt = clean * scale[which] + shift[which]
    return clean, spoilt, centers, (age - age.mean())[:, None]


def test_golden_value():
    """Output of neuroCombat 0.2.12 for data drawn by this recipe, which iterates less far."""
    rng = np.random.default_rng(0)
    age = rng.normal(50, 10, 30).round(2)
    batch = np.repeat([0, 1, 2], 10)
    noise = rng.normal(size=(5, 30))
    values = (noise + np.array([0, 1.5, -1])[batch]) * np.array([1, 1.5, 0.7])[batch] + 0.02 * age
    centers = batch.astype(str).tolist()
    covariates = (age - age.mean())[:, None]
    combat = Combat.fit(values.T, centers, covariates)
    found = applied(combat, values.T, centers, covariates).T
    # the golden iteration stops at a relative change of 1e-4
    np.testing.assert_allclose(
        found[0, :5], [0.42361521, 1.4291524, 1.68843341, 2.49073622, 1.89490489], atol=1e-6
    )
    assert found.sum() == pytest.approx(240.83447186051535, abs=1e-3)
    assert (found**2).sum() == pytest.approx(566.4381499998065, abs=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_neurocombat(seed, capsys):
    oracle = pytest.importorskip("neuroCombat", reason="an oracle of the extra `dev`").neuroCombat
    _, values, centers, age = planted(seed)
    sex = np.random.default_rng(seed).integers(0, 2, len(age))
    frame = pd.DataFrame({"center": centers, "age": age[:, 0], "sex": sex})
    expected = oracle(
        dat=values.T,
        covars=frame,
        batch_col="center",
        continuous_cols=["age"],
        categorical_cols=["sex"],
    )["data"].T
    # both levels of sex, though one is enough: the fit does not depend on the coding
    kept = np.column_stack([age, sex == 0, sex == 1]).astype(float)
    kept -= kept.mean(axis=0)
    combat = Combat.fit(values, list(centers), kept)
    # its covariates are 32-bit, and it stops at a relative change of 1e-4
    np.testing.assert_allclose(applied(combat, values, centers, kept), expected, atol=1e-4)
    capsys.readouterr()  # it prints


def test_shrinking_is_the_mode_of_the_posterior():
    """Brute force: the pair that maximises the density that Johnson et al. write down."""
    rng = np.random.default_rng(1)
    z = rng.normal(rng.normal(0, 1, 12), rng.uniform(0.5, 2, 12), (9, 12))
    effect = shrink(z, np.ones(12, dtype=bool))
    mean, variance = z.mean(axis=0), z.var(axis=0, ddof=1)
    middle, spread = mean.mean(), mean.var(ddof=1)
    m, s2 = variance.mean(), variance.var(ddof=1)
    shape, rate = m**2 / s2 + 2, m**3 / s2 + m  # inverse gamma with mean m and variance s2

    def conditional(feature, shift, delta):
        """Means of shift given delta, and of delta given shift."""
        n = len(z)
        precision = n / delta + 1 / spread
        total = ((z[:, feature] - shift) ** 2).sum()
        return (
            (n * mean[feature] / delta + middle / spread) / precision,
            (rate + total / 2) / (shape + n / 2 - 1),
        )

    for feature in range(12):
        shift, delta = effect.shift[feature], effect.scale[feature] ** 2
        # each is the mean of its conditional posterior given the other
        assert conditional(feature, shift, delta) == pytest.approx((shift, delta), rel=1e-8)


def center_auc(values, centers):
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5)
    told = cross_val_predict(model, values, centers, cv=5, method="predict_proba")
    return roc_auc_score(centers, told, multi_class="ovr")


def test_a_planted_center_can_no_longer_be_told():
    _, values, centers, _ = planted()
    assert center_auc(values, centers) > 0.95
    combat = Combat.fit(values, list(centers), plain(values))
    # centred groups are told worse than by chance in cross-validation
    assert center_auc(applied(combat, values, centers), centers) < 0.55


def test_patients_who_were_not_fitted_are_corrected_too():
    _, values, centers, _ = planted(patients=400)
    train = np.random.default_rng(5).random(400) < 0.75
    combat = Combat.fit(values[train], list(centers[train]), plain(values[train]))
    there = centers[~train]
    for found, least, most in (
        (values[~train], 1.5, np.inf),
        # the means of 100 patients who were fitted and of 33 who were not, of unit spread
        (applied(combat, values[~train], there), 0.0, 0.3),
    ):
        means = np.stack([found[there == c].mean(axis=0) for c in "ABC"])
        assert least <= means.std(axis=0, ddof=1).mean() < most


def test_what_a_covariate_explains_is_kept():
    _, values, centers, age = planted(patients=400, stretch=(1.0, 1.0))
    older = age[centers == "A"].mean() - age[centers == "C"].mean()
    assert older > 5
    gaps = []
    for kept in (age, plain(values)):
        found = applied(Combat.fit(values, list(centers), kept), values, centers, kept)
        gaps.append(found[centers == "A"].mean() - found[centers == "C"].mean())
    # 40 features of 400 patients: the standard error of the slope is below 0.001
    assert gaps[0] == pytest.approx(0.08 * older, rel=0.05)
    assert abs(gaps[1]) < 0.01  # without age among the covariates, its effect goes too


def test_nothing_is_planted_and_nothing_much_is_changed():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(150, 30))
    centers = list(rng.choice(["A", "B", "C"], 150))
    found = applied(Combat.fit(values, centers, plain(values)), values, centers)
    # without EB a centre of 50 would move by its standard error, 0.14
    assert np.abs(found - values).mean() < 0.06


def test_the_order_of_patients_never_matters():
    _, values, centers, age = planted()
    order = np.random.default_rng(3).permutation(len(values))
    first = applied(Combat.fit(values, list(centers), age), values, centers, age)
    second = applied(
        Combat.fit(values[order], list(centers[order]), age[order]), values, centers, age
    )
    np.testing.assert_allclose(first, second, atol=1e-8)


def test_state_survives_json_to_the_bit():
    _, values, centers, age = planted()
    combat = Combat.fit(values, list(centers), age)
    again = Combat.from_state(json.loads(json.dumps(combat.state())))
    np.testing.assert_array_equal(
        applied(combat, values, centers, age), applied(again, values, centers, age)
    )
    bare = Combat.fit(values, list(centers), plain(values))
    again = Combat.from_state(json.loads(json.dumps(bare.state())))
    np.testing.assert_array_equal(applied(bare, values, centers), applied(again, values, centers))


def test_what_is_not_measured_takes_no_part_and_stays_unknown():
    _, values, centers, _ = planted(patients=200)
    holes = values.copy()
    holes[np.random.default_rng(4).random(values.shape) < 0.2] = np.nan
    holes[centers == "C", 7] = np.nan  # a feature that one centre never measured
    found = applied(Combat.fit(holes, list(centers), plain(holes)), holes, centers)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(holes))
    whole = applied(Combat.fit(values, list(centers), plain(values)), values, centers)
    known = ~np.isnan(found)
    known[:, 7] = False
    assert np.corrcoef(found[known], whole[known])[0, 1] > 0.98
    for center in "AB":  # and is made alike where it was
        assert np.nanmean(found[centers == center, 7]) == pytest.approx(
            np.nanmean(found[:, 7]), abs=0.2
        )


def test_features_without_spread():
    _, values, centers, _ = planted()
    values[:, 0] = 3.0  # the same for everybody
    values[:, 1] = np.where(centers == "A", 5.0, 1.0)  # tells the centre and nothing else
    values[centers == "B", 2] = 4.0  # constant at one centre only
    found = applied(Combat.fit(values, list(centers), plain(values)), values, centers)
    np.testing.assert_allclose(found[:, 0], 3.0, rtol=1e-14)
    np.testing.assert_allclose(found[:, 1], values[:, 1].mean())
    assert np.isfinite(found).all()
    assert abs(found[centers == "B", 2].mean() - found[:, 2].mean()) < 0.3


@pytest.mark.parametrize(
    ("centers", "features", "message"),
    [
        (["A"] * 10, 5, "found 1 of the one and 5 of the other"),
        (["A"] * 5 + ["B"] * 5, 1, "found 2 of the one and 1 of the other"),
    ],
)
def test_too_little_to_compare(centers, features, message):
    values = np.random.default_rng(0).normal(size=(10, features))
    with pytest.raises(ConfigError, match=message):
        Combat.fit(values, centers, plain(values))


def test_a_covariate_that_only_tells_the_center_is_refused():
    _, values, centers, _ = planted()
    only = (centers == "A").astype(float)[:, None]
    with pytest.raises(ConfigError, match="cannot be told from the centre"):
        Combat.fit(values, list(centers), only - only.mean())
