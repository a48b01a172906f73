import json

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from fusion.data.prepare.vectors import VectorPreprocess
from fusion.errors import ConfigError, ReadError

SEX = {"sex": ["F", "M"]}


def table(rows=30, columns=6, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    values = rng.gamma(2.0, np.arange(1, columns + 1), (rows, columns))
    values[rng.random(values.shape) < missing] = np.nan
    return pd.DataFrame(
        values, index=[f"P{i:02}" for i in range(rows)], columns=[f"g{i}" for i in range(columns)]
    )


def clinic():
    sex = np.array(["F", "M", None, "F"], dtype=object)
    return pd.DataFrame({"age": [50.0, 60.0, np.nan, 70.0], "sex": sex}, index=list("abcd"))


@pytest.mark.parametrize("log1p", [False, True])
def test_agrees_with_scikit_learn(log1p):
    train, other = table(), table(seed=1)
    fitted = VectorPreprocess.fit(train, log1p=log1p)
    move = np.log1p if log1p else np.asarray
    imputer, scaler = SimpleImputer(strategy="median"), StandardScaler()
    scaler.fit(imputer.fit_transform(move(train.to_numpy())))
    for given in (train, other):
        expected = scaler.transform(imputer.transform(move(given.to_numpy())))
        # float32 holds 7 digits
        np.testing.assert_allclose(fitted.transform(given), expected, rtol=1e-6, atol=1e-6)


def test_nothing_but_the_training_patients_is_looked_at():
    train = table()
    fitted, before = VectorPreprocess.fit(train), VectorPreprocess.fit(train).state()
    fitted.transform(table(seed=1) * 1000)
    assert fitted.state() == before


def test_columns_are_found_by_name():
    train, other = table(), table(seed=1)
    fitted = VectorPreprocess.fit(train)
    turned = other.iloc[:, ::-1].assign(extra=1.0, note="text")
    np.testing.assert_array_equal(fitted.transform(turned), fitted.transform(other))
    assert VectorPreprocess.fit(train.iloc[:, ::-1]).state() == fitted.state()
    with pytest.raises(ReadError, match=r"rna\.csv: lacks 1 of 6 columns: 'g2'"):
        fitted.transform(other.drop(columns="g2"), path="rna.csv")


def test_a_row_alone_gives_the_row_of_the_table():
    fitted = VectorPreprocess.fit(table(), indicators=True)
    other = table(seed=1)
    for i in range(len(other)):
        alone = fitted.transform(other.iloc[[i]])
        np.testing.assert_array_equal(alone, fitted.transform(other)[[i]])


def test_what_tells_nothing_is_dropped_and_listed():
    train = table().assign(zero=0.0, never=np.nan, once=[1.0] + [np.nan] * 29)
    fitted = VectorPreprocess.fit(train)
    same = "the same in every training patient"
    assert fitted.dropped == {
        "never": "missing in every training patient",
        "zero": same,
        "once": same,
    }
    assert fitted.columns == tuple(f"g{i}" for i in range(6))
    with pytest.raises(ConfigError, match=r"no column is left: .*'zero': 'the same"):
        VectorPreprocess.fit(train[["zero"]])


def test_the_most_variable_columns_are_kept():
    train = table(missing=0.2)
    best = train.var(ddof=0).sort_values(ascending=False).index[:3]
    assert VectorPreprocess.fit(train, select_variance=3).columns == tuple(sorted(best))
    tied = pd.DataFrame({c: [0.0, 1.0] for c in "dbca"})
    assert VectorPreprocess.fit(tied, select_variance=2).columns == ("a", "b")
    with pytest.raises(ConfigError, match=r"select_variance is 9, .* only 6 columns"):
        VectorPreprocess.fit(train, select_variance=9)


def test_categories_and_indicators_are_inputs_of_their_own():
    fitted = VectorPreprocess.fit(clinic(), categorical=SEX, indicators=True)
    assert fitted.names == ("age", "sex=F", "sex=M", "age missing")
    assert fitted.needs == ("age", "sex")
    vectors = fitted.transform(clinic())
    np.testing.assert_array_equal(vectors[:, 1:], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert vectors[2, 0] == 0.0  # the median, 60, is the mean too


def test_an_undeclared_category_is_refused_with_its_patient():
    fitted = VectorPreprocess.fit(clinic(), categorical=SEX)
    other = clinic()
    other.loc["b", "sex"] = "male"
    message = r"patient b: clinic\.csv: column 'sex': 'male' is not .* expected one of F, M"
    with pytest.raises(ReadError, match=message):
        fitted.transform(other, path="clinic.csv")
    with pytest.raises(ReadError, match="'male' is not a declared category"):
        VectorPreprocess.fit(other, categorical=SEX)


def test_log1p_refuses_what_is_no_count():
    with pytest.raises(ReadError, match=r"patient P00: .*column 'g0': -.* is below 0"):
        VectorPreprocess.fit(-table(missing=0.0), log1p=True)
    fitted = VectorPreprocess.fit(table(), log1p=True)
    with pytest.raises(ReadError, match="leave log1p out"):
        fitted.transform(-table(), path="rna.csv")


def test_a_number_in_another_unit_does_not_become_infinite():
    fitted = VectorPreprocess.fit(table())
    other = table(seed=1, missing=0.0)
    other.iloc[3, 2] = 1e300
    with pytest.raises(ReadError, match=r"patient P03: .*'g2' is too far .* unit"):
        fitted.transform(other)


def test_travels_as_json_to_the_last_bit():
    fitted = VectorPreprocess.fit(
        table(4).set_index(clinic().index).join(clinic()), categorical=SEX, indicators=True
    )
    again = VectorPreprocess.from_state(json.loads(json.dumps(fitted.state())))
    other = table(4, seed=1).set_index(clinic().index).join(clinic())
    assert again.names == fitted.names
    assert again.dropped == fitted.dropped
    np.testing.assert_array_equal(again.transform(other), fitted.transform(other))
