import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.data.cohort import Entry
from fusion.data.source import Source
from fusion.data.sources.vector import VectorSource
from fusion.errors import ConfigError, ReadError
from fusion.types import Center, Modality, PatientId


def entry(patient, path, key="", line=2):
    key = patient if key == "" else key
    return Entry(PatientId(patient), Center("c"), Modality("rna"), Path(path), line, key)


def files(path, patients):
    return {PatientId(p): (entry(p, path),) for p in patients}


@pytest.fixture
def cohort(tmp_path):
    """Two centres with their own tables: other order of columns, another column beside."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        rng.normal(size=(20, 4)), index=[f"P{i:02}" for i in range(20)], columns=list("abcd")
    )
    frame["sex"] = rng.choice(["F", "M"], 20)
    frame.iloc[2, 1] = np.nan
    frame[:12].to_csv(tmp_path / "one.csv")
    frame[12:].iloc[:, ::-1].assign(more=1.0).to_csv(tmp_path / "two.csv")
    one = files(tmp_path / "one.csv", frame.index[:12])
    two = files(tmp_path / "two.csv", frame.index[12:])
    return frame, one, two


def loaded(source, given):
    return np.concatenate([source.load(p, rows).numpy() for p, rows in given.items()])


def test_patients_of_any_table_go_through_what_training_fitted(cohort):
    frame, one, two = cohort
    source: Source = VectorSource(columns=[*"abcd", "sex"], categorical={"sex": ["F", "M"]})
    assert source.prepare({**one, **two}) == []
    source.fit(one)
    train = frame[:12][list("abcd")]
    filled = frame[list("abcd")].fillna(train.median())
    z = (filled - filled[:12].mean()) / filled[:12].std(ddof=0)
    expected = np.column_stack([z, frame["sex"] == "F", frame["sex"] == "M"])
    assert source.width == 6
    # float32
    np.testing.assert_allclose(loaded(source, {**one, **two}), expected, rtol=1e-5, atol=1e-6)
    assert source.size(PatientId("P00"), one[PatientId("P00")]) == 1


def test_what_is_fitted_depends_on_no_order_and_on_no_one_else(cohort):
    _, one, two = cohort
    states = []
    for given, prepared in [(one, one), (dict(reversed(one.items())), {**two, **one})]:
        source = VectorSource(drop=["sex", "mor*"] if prepared is not one else ["sex"])
        source.prepare(prepared)
        source.fit(given)
        states.append(source.state())
    assert states[0] == states[1]


def test_state_and_pickle_take_the_place_of_fit(cohort):
    _, one, two = cohort
    source = VectorSource(drop=["sex"], indicators=True)
    source.fit(one)
    other = VectorSource(drop=["sex"])
    other.restore(json.loads(json.dumps(source.state())))
    copied = pickle.loads(pickle.dumps(source))
    for twin in (other, copied):
        assert twin.width == source.width == 5
        np.testing.assert_array_equal(loaded(twin, two), loaded(source, two))
    # a new cohort need not have what training dropped
    assert other.prepare(two) == []


def test_folds_do_not_inherit_from_each_other(cohort):
    _, one, two = cohort
    fresh, used = (VectorSource(drop=["sex"], select_variance=2) for _ in range(2))
    used.fit(two)
    loaded(used, two)
    used.fit(one)
    fresh.fit(one)
    assert used.state() == fresh.state()
    np.testing.assert_array_equal(loaded(used, two), loaded(fresh, two))


def test_a_vector_that_the_caller_changes_is_not_the_one_kept(cohort):
    _, one, _ = cohort
    source = VectorSource(drop=["sex"])
    source.fit(one)
    patient, rows = next(iter(one.items()))
    first = source.load(patient, rows)
    kept = first.clone()
    first.zero_()
    assert source.load(patient, rows).equal(kept)


def test_several_rows_become_their_mean(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,a,b,sex\nr1,1,4,F\nr2,3,,\nr3,10,0,M\n")
    source = VectorSource(categorical={"sex": ["F", "M"]})
    given = {
        PatientId("P"): (entry("P", path, "r1"), entry("P", path, "r2")),
        PatientId("Q"): (entry("Q", path, "r3"),),
    }
    source.fit(given)
    np.testing.assert_array_equal(source.preprocess.center, [6.0, 2.0])  # (2 + 10)/2, (4 + 0)/2
    np.testing.assert_array_equal(loaded(source, given), [[-1, 1, 1, 0], [1, -1, 0, 1]])
    torn = {PatientId("P"): (entry("P", path, "r1"), entry("P", path, "r3"))}
    with pytest.raises(ReadError, match=r"patient P: .*t\.csv: column 'sex' is both F and M"):
        source.load(PatientId("P"), torn[PatientId("P")])


def test_prepare_finds_all_faults_at_once(cohort, tmp_path):
    _, one, _ = cohort
    (tmp_path / "bad.csv").write_text("id,a,b,c,d,sex\nX,1,1,high,1,F\nY,1,1,1,1,F\n")
    (tmp_path / "cut.csv").write_text("id,a\nX\n")
    (tmp_path / "sex.csv").write_text("id,a,b,c,d,sex\nS,1,1,1,1,x\n")
    given = {
        **one,
        PatientId("N"): (entry("N", tmp_path / "one.csv", None),),
        PatientId("K"): (entry("K", tmp_path / "one.csv", "P0O"),),
        PatientId("X"): (entry("X", tmp_path / "bad.csv"),),
        PatientId("C"): (entry("C", tmp_path / "cut.csv", "X"),),
        PatientId("S"): (entry("S", tmp_path / "sex.csv"),),
    }
    faults = VectorSource(categorical={"sex": ["F", "M"]}).prepare(given)
    text = "\n".join(map(str, faults))
    assert len(faults) == 5
    assert "patient N: the manifest names no row" in text
    assert "patient K: has no row 'P0O'; did you mean" in text
    assert "bad.csv: line 2, column 'c': 'high' is not a number" in text
    assert "cut.csv: cannot be read as CSV: line 2: Expected 2 columns, got 1" in text
    assert "patient S: column 'sex': 'x' is not a declared category" in text


def test_a_centre_that_lacks_a_column_is_found_before_training(cohort, tmp_path):
    _, one, _ = cohort
    (tmp_path / "three.csv").write_text("id,a,b,c\nZ,1,2,3\n")
    external = files(tmp_path / "three.csv", ["Z"])
    source = VectorSource(drop=["sex"])
    assert source.prepare({**one, **external}) == []
    with pytest.raises(ReadError, match=r"three\.csv: lacks 1 of 4 columns: 'd'"):
        source.fit(one)
    source = VectorSource(drop=["sex"])
    source.fit(one)
    faults = source.prepare(external)
    assert [str(f) for f in faults] == [f"{tmp_path / 'three.csv'}: lacks 1 of 4 columns: 'd'"]
    with pytest.raises(ReadError, match=r"patient Z: .*lacks 1 of 4"):
        source.load(PatientId("Z"), external[PatientId("Z")])


def test_training_tables_must_agree(cohort):
    _, one, two = cohort
    with pytest.raises(ReadError, match=r"one\.csv: lacks 1 of 5 columns: 'more'"):
        VectorSource(drop=["sex"]).fit({**one, **two})


def test_a_gene_list_chooses(cohort, tmp_path):
    _, one, _ = cohort
    (tmp_path / "genes.txt").write_text("b\nd\n")
    source = VectorSource(columns_file=tmp_path / "genes.txt")
    source.fit(one)
    assert source.preprocess.columns == ("b", "d")
    with pytest.raises(ConfigError, match="give one"):
        VectorSource(columns=["a"], columns_file=tmp_path / "genes.txt")


def test_settings_that_fit_no_column_are_refused(cohort):
    _, one, _ = cohort
    with pytest.raises(ConfigError, match="`drop`: 'IDH1' matches none of 5 columns"):
        VectorSource(drop=["IDH1"]).prepare(one)
    with pytest.raises(ConfigError, match="`categorical`: no table has a column 'gender'"):
        VectorSource(categorical={"gender": ["F"]}).fit(one)
    with pytest.raises(ConfigError, match="not fitted"):
        VectorSource().load(PatientId("P00"), one[PatientId("P00")])
    with pytest.raises(ReadError, match=r"line 2, column 'sex': '[FM]' is not a number.*`drop`"):
        VectorSource().fit(one)


def test_real_expression_and_mutations_fit_and_load(tmp_path):
    path = Path(__file__).resolve().parents[3] / "../shared/data/glioma_real/tcga"
    if not path.exists():
        pytest.skip("the real gliomas beside the project are not on this machine")
    frame = pd.read_csv(path / "rna_cnv_mut_clinical.csv.gz").drop_duplicates("case_id")
    frame = frame.set_index("case_id")
    frame.to_parquet(tmp_path / "omics.parquet")
    given = files(tmp_path / "omics.parquet", frame.index)
    source = VectorSource(
        columns=["*_rnaseq", "*_mut", "age"], drop=["IDH1_mut"], select_variance=200
    )
    assert source.prepare(given) == []
    train = dict(list(given.items())[:300])
    source.fit(train)
    vectors = loaded(source, given)
    assert vectors.shape == (len(frame), 200)
    # float32 sums over 300 patients
    np.testing.assert_allclose(vectors[:300].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(vectors[:300].std(axis=0), 1, atol=1e-4)
    assert "IDH1_mut" not in source.preprocess.columns
