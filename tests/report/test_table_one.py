"""Table one against pandas by hand, and what is missing, counted."""

import numpy as np
import pandas as pd
import pytest

from fusion.report.follow_up import follow_up_quartiles
from fusion.report.missingness import alike, complete, missing_by_center, missingness_tables
from fusion.report.table_one import table_one
from fusion.report.table_one_layout import table_one_layout
from fusion.report.who import PART_TITLES


@pytest.fixture(scope="module")
def known(run):
    """Age with gaps, a 0/1 column, a class with gaps; the last ten patients have no row at all."""
    rng = np.random.default_rng(3)
    patients = list(run.parts)[:-10]
    table = pd.DataFrame(
        {
            "age": rng.normal(60, 12, len(patients)).round(1),
            "female": rng.integers(0, 2, len(patients)).astype(float),
            "side": rng.choice(["left", "right", "both"], len(patients)).astype(object),
        },
        index=pd.Index(patients, name="patient_id"),
    )
    table.iloc[:7, 0] = np.nan
    table.iloc[3:9, 2] = None
    return table


@pytest.fixture(scope="module")
def summary(run, make_summary, known):
    return make_summary(run, characteristics=known)


@pytest.fixture(scope="module")
def numbers(run, summary):
    return table_one(run.predictions, summary)


def of(numbers, variable, level, group):
    rows = numbers.query("variable == @variable and level == @level and group == @group")
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("part", ["train", "val", "test", "external"])
def test_numbers_are_those_of_pandas(run, known, numbers, part):
    patients = [p for p, own in run.parts.items() if own == part]
    table = known.reindex(patients)
    age = of(numbers, "age", "median (quartiles)", PART_TITLES[part])
    assert age["patients"] == len(patients)
    assert age["known"] == table["age"].notna().sum()
    quartiles = table["age"].quantile([0.25, 0.5, 0.75]).tolist()
    assert age[["lower_quartile", "median", "upper_quartile"]].tolist() == pytest.approx(quartiles)
    female = of(numbers, "female", "yes", PART_TITLES[part])
    assert female["count"] == (table["female"] == 1).sum()
    assert female["share"] == pytest.approx(table["female"].mean())
    shares = table["side"].value_counts(normalize=True)
    for side in ("left", "right", "both"):
        assert of(numbers, "side", side, PART_TITLES[part])["share"] == pytest.approx(shares[side])


def test_labels_are_counted_among_those_who_have_one(run, numbers):
    rows = run.predictions.query("task == 'idh' and model == 'fusion' and `class` == 'mutant'")
    for part, title in PART_TITLES.items():
        own = rows.loc[rows["part"] == part, "target"]
        mutant = of(numbers, "idh", "mutant", title)
        assert mutant["known"] == own.notna().sum()
        assert mutant["count"] == own.sum()
        assert mutant["patients"] == len(own)


def test_distances_are_from_training(run, known, numbers):
    parts = pd.Series(run.parts)
    train, outside = (known.reindex(parts.index[parts == p])["age"] for p in ("train", "external"))
    expected = abs(train.mean() - outside.mean()) / np.sqrt((train.var() + outside.var()) / 2)
    assert of(numbers, "age", "median (quartiles)", "External")["smd"] == pytest.approx(expected)
    assert np.isnan(of(numbers, "age", "median (quartiles)", "Training")["smd"])
    assert numbers.loc[numbers["level"].isin(["right", "mutant"]), "smd"].isna().all()


def test_without_training_and_by_centre_there_is_no_distance(run, make_summary, known, summary):
    outside = make_summary(
        run, characteristics=known, parts=dict.fromkeys(run.parts, "external"), excluded=()
    )
    alone = table_one(run.predictions.assign(part="external"), outside)
    assert alone["smd"].isna().all()
    assert set(alone["group"]) == {"External"}
    centers = table_one(run.predictions, summary, by_center=True)
    assert centers["smd"].isna().all()
    sizes = centers.drop_duplicates("group").set_index("group")["patients"].to_dict()
    assert sizes == pd.Series(run.centers).value_counts().to_dict()


def test_the_layout_prints_what_was_counted(numbers):
    table = table_one_layout(numbers, "caption")
    heads = [c.replace("\u00a0", " ") for c in table.columns]
    assert heads[1].startswith("Training (n = ")
    assert heads[-3:] == ["SMD: Validation", "SMD: Internal test", "SMD: External"]
    side = next(block for block in table.blocks if block.name == "side")
    assert [line.name for line in side.lines] == ["both", "left", "right", "not known"]
    for i, title in enumerate(PART_TITLES.values()):
        both = of(numbers, "side", "both", title)
        assert side.lines[0].cells[i].text == str(int(both["count"]))
        assert side.lines[0].cells[i].interval == f"{100 * both['share']:.0f} %"
        assert side.lines[3].cells[i].text == str(int(both["patients"] - both["known"]))
    assert all(len(line.cells) == len(heads) - 1 for block in table.blocks for line in block.lines)


def test_follow_up_is_that_of_the_survivors():
    """Everybody alive: the plain quantile. Early deaths do not shorten it; a plain median would."""
    days = np.arange(1.0, 101.0)
    assert follow_up_quartiles(days, np.zeros(100, dtype=bool))[0] == 50
    dies = days <= 40
    found = follow_up_quartiles(days, dies)
    # of the 60 who are still observed at day 40 half are gone after 30 more
    assert found.tolist() == [70.0, 55.0, 85.0]
    assert np.isnan(follow_up_quartiles(days, np.ones(100, dtype=bool))).all()
    assert np.isnan(follow_up_quartiles(np.zeros(0), np.zeros(0, dtype=bool))).all()


def test_what_is_missing_is_counted_at_each_centre(run, known, summary):
    counts = missing_by_center(run.predictions, summary)
    missing = counts.set_index(["center", "name"])["missing"]
    for center in set(run.centers.values()):
        mine = [p for p, c in run.centers.items() if c == center]
        assert missing[center, "rna"] == (~run.presence.loc[mine, "rna"]).sum()
        assert missing[center, "age"] == known.reindex(mine)["age"].isna().sum()
        rows = run.predictions.query("task == 'idh' and patient_id in @mine")
        labelled = rows.dropna(subset=["target"])["patient_id"].nunique()
        assert missing[center, "idh"] == len(mine) - labelled
    assert set(complete(counts)) == {"who_type", "grade", "overall_survival"}
    captions = [table.caption for table in missingness_tables(counts)]
    assert captions == [
        f"{k} that are missing, by centre" for k in ("Modalities", "Characteristics", "Labels")
    ]


def test_many_things_that_are_missing_become_several_tables(run, make_summary):
    rng = np.random.default_rng(0)
    lacks = {f"c{i:02d}": rng.random(len(run.parts)) < 0.1 * (i % 7 + 1) for i in range(19)}
    wide = pd.DataFrame(lacks, index=list(run.parts)).map(lambda lacking: None if lacking else "x")
    wide["twin"] = wide["c03"]
    counts = missing_by_center(run.predictions, make_summary(run, characteristics=wide))
    tables = [t for t in missingness_tables(counts) if t.caption.startswith("Characteristics")]
    assert [len(t.columns) for t in tables] == [10, 10, 5]
    heads = sum((t.columns[2:] for t in tables), ())
    assert heads == tuple("c03 and 1 more" if c == "c03" else c for c in lacks)
    assert alike(counts) == {"c03 and 1 more": ["c03", "twin"]}


def test_a_number_that_is_a_subgroup_by_value_is_told_by_shares(run, make_summary):
    grade = pd.DataFrame({"who": [2.0, 3.0, np.nan] * 50}, index=list(run.parts))
    told = make_summary(run, characteristics=grade, subgroups={"who": []})
    levels = table_one(run.predictions, told).query("variable == 'who'")["level"].unique().tolist()
    assert levels == ["2", "3"]
    plain = table_one(run.predictions, make_summary(run, characteristics=grade))
    assert plain.query("variable == 'who'")["level"].unique().tolist() == ["median (quartiles)"]
    block = table_one_layout(plain, "").blocks[0]
    assert (block.name, [line.name for line in block.lines]) == (
        "",
        ["who: median (quartiles)", "who: not known"],
    )
