"""A table whose centres are made alike: who is fitted, who is left, what is never changed."""

import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest

from fusion.data.cohort import Entry
from fusion.data.harmonise.centers import CenterEffects
from fusion.data.harmonise.covariates import Covariates
from fusion.data.harmonised import Accompanied, Harmonised, harmonised_how, introduce
from fusion.data.sources.vector import VectorSource
from fusion.errors import CohortError, ConfigError
from fusion.types import Center, Modality, PatientId

SEEN = ("Aster", "Birch")
GENES = [f"g{i}" for i in range(12)]


@pytest.fixture
def cohort(tmp_path):
    """Two centres of 20 patients train; Elm (8) and Fir (2) are met later. Birch is younger."""
    rng = np.random.default_rng(0)
    rows, ages = {}, {}
    for center, count in (("Aster", 20), ("Birch", 20), ("Elm", 8), ("Fir", 2)):
        shift, scale = rng.normal(0, 3, 12), rng.uniform(0.5, 2, 12)
        for i in range(count):
            who = f"{center}-{i:02}"
            ages[who] = rng.normal(50 if center == "Birch" else 60, 8)
            rows[who] = (rng.normal(size=12) + 0.1 * ages[who]) * scale + shift
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=GENES)
    frame["sex"] = rng.choice(["F", "M"], len(frame))
    frame.to_csv(tmp_path / "rna.csv")
    clinic = pd.DataFrame({"age": ages, "sex": frame["sex"]})
    clinic.drop(index="Aster-03").to_csv(tmp_path / "clinic.csv")
    return tmp_path


def files(cohort, table, *centers):
    keys = pd.read_csv(cohort / f"{table}.csv", index_col=0).index
    return {
        PatientId(who): (
            Entry(
                PatientId(who),
                Center(who.split("-")[0]),
                Modality(table),
                cohort / f"{table}.csv",
                line,
                who,
            ),
        )
        for line, who in enumerate(keys, start=2)
        if who.split("-")[0] in centers
    }


def source(unseen="leave", minimum=5, preserve=False, **settings):
    kept = None
    if preserve:
        table = VectorSource(columns=["age", "sex"], categorical={"sex": ["F", "M"]})
        kept = Covariates(modality="clinic", columns=["age", "sex"], table=table)
    combat = CenterEffects(unseen=unseen, minimum=minimum, covariates=kept)
    values = {"categorical": {"sex": ["F", "M"]}, **settings}
    return VectorSource(harmonise=combat, **values)


@pytest.fixture
def ready(cohort):
    """A source that met everybody and was fitted on those of Aster and Birch."""

    def made(*others, **settings):
        made = source(**settings)
        introduce(made, lambda name: files(cohort, name, *SEEN, "Elm", "Fir"))
        assert made.prepare(files(cohort, "rna", *SEEN, *others)) == []
        made.fit(files(cohort, "rna", *SEEN))
        return made

    return made


def loaded(fitted, given):
    return np.concatenate([fitted.load(p, rows).numpy() for p, rows in given.items()])


def gap(values):
    """Between the means of the first and the last half."""
    half = len(values) // 2
    return np.abs(values[:half, :12].mean(axis=0) - values[half:, :12].mean(axis=0)).mean()


def test_training_centers_become_alike_and_categories_stay(ready, cohort):
    given = files(cohort, "rna", *SEEN)
    bare = VectorSource(categorical={"sex": ["F", "M"]})
    bare.fit(given)
    before, after = loaded(bare, given), loaded(ready(), given)
    assert gap(before) > 1
    assert gap(after) < 0.1
    np.testing.assert_array_equal(before[:, 12:], after[:, 12:])


@pytest.mark.parametrize("preserve", [False, True])
def test_the_state_is_that_of_the_training_patients_alone(ready, cohort, preserve):
    first = ready(preserve=preserve)
    state = json.dumps(first.state())
    for others in (("Elm",), ("Elm", "Fir")):
        for unseen in ("leave", "own"):
            assert json.dumps(ready(*others, preserve=preserve, unseen=unseen).state()) == state
    again = copy.deepcopy(first)
    again.fit(dict(reversed(files(cohort, "rna", *SEEN).items())))
    assert json.dumps(again.state()) == state


@pytest.mark.parametrize("unseen", ["leave", "own"])
def test_json_and_pickle_take_the_place_of_fit(ready, cohort, unseen):
    everybody = files(cohort, "rna", *SEEN, "Elm", "Fir")
    fitted = ready("Elm", "Fir", unseen=unseen, preserve=True)
    restored = source(unseen=unseen, preserve=True)
    restored.restore(json.loads(json.dumps(fitted.state())))
    introduce(restored, lambda name: files(cohort, name, *SEEN, "Elm", "Fir"))
    assert restored.prepare(everybody) == []
    for twin in (restored, pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(loaded(twin, everybody), loaded(fitted, everybody))
        assert twin.harmonisers[0].sentences("rna")[0] == fitted.harmonisers[0].sentences("rna")[0]


def test_an_unseen_center_is_left_as_it_is(ready, cohort):
    elm = files(cohort, "rna", "Elm")
    bare = VectorSource(categorical={"sex": ["F", "M"]})
    bare.fit(files(cohort, "rna", *SEEN))
    np.testing.assert_array_equal(loaded(ready("Elm"), elm), loaded(bare, elm))


def test_an_unseen_center_is_corrected_by_its_own_patients(ready, cohort):
    elm, fir = files(cohort, "rna", "Elm"), files(cohort, "rna", "Fir")
    trained = loaded(ready(), files(cohort, "rna", *SEEN))[:, :12].mean(axis=0)
    left, own = ready("Elm", "Fir"), ready("Elm", "Fir", unseen="own")
    # the standard error of the mean of 8 patients is about 0.2
    assert np.abs(loaded(own, elm)[:, :12].mean(axis=0) - trained).mean() < 0.3
    assert np.abs(loaded(left, elm)[:, :12].mean(axis=0) - trained).mean() > 0.6
    # two are too few
    np.testing.assert_array_equal(loaded(own, fir), loaded(left, fir))
    text = " ".join(own.harmonisers[0].sentences("rna"))
    assert "Elm (8 patients) had fewer than 5 training patients" in text
    assert "This is transductive" in text
    assert "Fir (2 patients) had fewer than 5 patients: their rna is left as it is." in text


def test_an_unseen_center_is_refused(ready, cohort):
    with pytest.raises(CohortError, match=r"patient Elm-00: rna: its centre Elm had not 5"):
        ready("Elm", unseen="refuse")
    assert loaded(ready(unseen="refuse"), files(cohort, "rna", *SEEN)).shape == (40, 14)
    elsewhere = source(unseen="refuse")
    elsewhere.restore(ready(unseen="refuse").state())
    faults = elsewhere.prepare(files(cohort, "rna", "Elm", "Aster"))
    assert {f.patient for f in faults} == set(files(cohort, "rna", "Elm"))
    (rows,) = [rows for p, rows in files(cohort, "rna", "Elm").items() if p == "Elm-00"]
    with pytest.raises(ConfigError, match="patient Elm-00: ComBat does not know the centre Elm"):
        elsewhere.load(PatientId("Elm-00"), rows)


def test_a_center_with_few_training_patients_is_as_one_that_was_not_seen(cohort):
    given = files(cohort, "rna", *SEEN, "Elm", "Fir")
    made = source(minimum=8)
    made.fit(given)
    (first, second) = made.harmonisers[0].sentences("rna")
    assert first == (
        "ComBat of rna: fitted on 48 training patients of 3 centres (Aster, Birch and Elm)."
    )
    assert second.startswith("Fir (2 patients) had fewer than 8 training patients")


def test_one_center_is_nothing_to_harmonise(cohort):
    with pytest.raises(ConfigError, match=r"found 1 with 5 .* \(Aster 20, Fir 2\), expected 2"):
        source().fit(files(cohort, "rna", "Aster", "Fir"))


def test_what_age_explains_is_kept(ready, cohort):
    given = files(cohort, "rna", *SEEN)
    # Birch is 10 years younger, and every gene falls with age
    assert gap(loaded(ready(), given)) < 0.1 < 0.25 < gap(loaded(ready(preserve=True), given))
    assert ready(preserve=True).harmonisers[0].sentences("rna") == [
        "ComBat of rna: fitted on 40 training patients of 2 centres (Aster and Birch), keeping "
        "what age and sex explain.",
        "1 of 40 patients have no row of clinic: for ComBat they count with the mean age and sex "
        "of training.",
    ]


def test_a_broken_covariate_is_a_fault_of_its_patient(cohort):
    table = pd.read_csv(cohort / "clinic.csv", index_col=0).astype(object)
    table.loc["Elm-02", "sex"] = "X"
    table.to_csv(cohort / "clinic.csv")
    made = source(preserve=True, unseen="own")
    introduce(made, lambda name: files(cohort, name, *SEEN, "Elm", "Fir"))
    (fault,) = made.prepare(files(cohort, "rna", *SEEN, "Elm"))
    assert (fault.patient, "'X' is not a declared category" in fault.message) == ("Elm-02", True)
    made.fit(files(cohort, "rna", *SEEN))  # goes on without that patient


def test_covariates_that_nobody_has(cohort):
    made = source(preserve=True)
    made.prepare(files(cohort, "rna", *SEEN))
    with pytest.raises(ConfigError, match="no training patient has a row of 'clinic', whose age"):
        made.fit(files(cohort, "rna", *SEEN))


def test_a_gap_is_filled_after_the_center_is_gone(cohort):
    """An imputed number carries no centre: to move it would plant one."""
    table = pd.read_csv(cohort / "rna.csv", index_col=0)
    table.loc["Birch-01", "g3"] = np.nan
    table.to_csv(cohort / "rna.csv")
    given = files(cohort, "rna", *SEEN)
    made = source()
    made.fit(given)
    values = made.preprocess
    place = values.columns.index("g3")
    who = PatientId("Birch-01")
    filled = (values.fill[place] - values.center[place]) / values.scale[place]
    assert made.load(who, given[who])[0, place] == pytest.approx(filled, rel=1e-6)


def test_what_a_run_asks_of_its_sources():
    combat = source()
    assert isinstance(combat, Harmonised)
    assert isinstance(combat.harmonisers[0], Accompanied)
    assert harmonised_how({"rna": VectorSource(), "cnv": combat}) == []  # not fitted yet


def test_values_that_do_not_fit():
    with pytest.raises(ConfigError, match="unseen 'ignore' with minimum 5: expected one of leave"):
        source(unseen="ignore")
    with pytest.raises(ConfigError, match="at least 2 patients"):
        source(minimum=1)
    with pytest.raises(ConfigError, match="ComBat is not fitted"):
        source().harmonisers[0].state()
