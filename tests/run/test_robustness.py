"""Hiding a modality is the same as not having it, for the same patients and every subset."""

import shutil

import pytest
import torch

from fusion.config.parts.tasks import task_infos
from fusion.errors import BundleError
from fusion.report.predictions import load as load_predictions
from fusion.run.bundle import load_bundle, open_folder
from fusion.run.inputs import Inputs
from fusion.run.loading import load
from fusion.run.predict import predict
from fusion.run.robustness import FILE, hidden, read, robustness, shared, subsets
from fusion.run.robustness_bundle import robustness_of_bundle


def having(*texts):
    return [frozenset(text) for text in texts]


def test_the_rarest_modality_is_set_aside_until_there_are_enough():
    many = having(*["abc"] * 5 + ["ab"] * 20)
    assert shared(("a", "b", "c"), many) == ("a", "b")
    assert shared(("c", "a", "b"), many + having(*["abc"] * 15)) == ("a", "b", "c")
    assert shared(("a", "b", "c"), having(*["abc"] * 14 + ["a"] * 50)) is None
    assert shared(("a",), many) is None


def test_every_subset_once_the_most_first():
    found = subsets(["c", "a", "b"])
    assert found[0] == ("a", "b", "c")
    assert len(set(found)) == 7
    assert [len(f) for f in found] == sorted(map(len, found), reverse=True)


@pytest.fixture(scope="module")
def taken(finished, small_demo, small_cache):
    bundle = load_bundle(finished / "bundle", cache=small_cache)
    place, inputs = bundle.take(open_folder(small_demo, None))
    tasks = [i for n, t in sorted(bundle.config.tasks.items()) for i in task_infos(n, t)]
    return bundle, place, inputs, tasks


@pytest.mark.slow
def test_hiding_is_not_having(taken):
    bundle, place, inputs, tasks = taken
    every = bundle.trained.modalities
    dataset = inputs.dataset(place, every)
    complete = [p for p in dataset.patients if all(dataset.has(p, m) for m in every)][:8]
    common = {
        "place": place,
        "tasks": tasks,
        "labels": inputs.labels[place.cohort.name],
        "device": torch.device("cpu"),
    }
    loader = load(dataset.of(complete), bundle.config.loader, seed=None)
    rows = hidden(bundle.trained, loader, left=subsets(every), **common)
    assert set(rows.groupby("model")["patient_id"].nunique()) == {len(complete)}
    for left in (every, every[:1], every[1:]):
        gone = {m: frozenset(place.patients) for m in every if m not in left}
        poorer = Inputs(inputs.sources, inputs.labels, gone).dataset(place, every).of(complete)
        plain, _ = predict(
            bundle.trained, load(poorer, bundle.config.loader, seed=None), model="x", **common
        )
        mine = rows[rows["model"] == " + ".join(left)]
        key = ["patient_id", "task", "class"]
        both = mine.merge(plain, on=key, suffixes=("", "_plain"), validate="one_to_one")
        assert len(both) == len(plain) == len(mine)
        torch.testing.assert_close(
            torch.tensor(both["value"].to_numpy()), torch.tensor(both["value_plain"].to_numpy())
        )
        assert both["target"].equals(both["target_plain"])


@pytest.mark.slow
def test_a_run_leaves_it_beside_its_predictions(finished, taken):
    bundle, place, inputs, tasks = taken
    found = read(finished)
    if found is None:  # too few patients have two modalities in this small demo
        assert not (finished / FILE).exists()
    else:
        all_of_it = found[found["model"] == found["model"].iloc[0]]
        assert set(all_of_it["part"]) <= {"test", "external"}
        fusion = load_predictions(finished / "predictions.parquet")
        assert set(all_of_it["patient_id"]) <= set(fusion["patient_id"])
    rows = robustness(
        bundle.trained,
        [place],
        inputs,
        tasks=tasks,
        loader=bundle.config.loader,
        device=torch.device("cpu"),
    )
    assert rows is not None
    assert set(rows["part"]) == {"external"}
    assert rows.groupby("model")["patient_id"].nunique().nunique() == 1


@pytest.mark.slow
def test_a_bundle_is_tried_on_those_whom_its_run_tested_on(
    finished, small_cache, tmp_path, monkeypatch
):
    """With everything left it says what the run said; every subset is in the table."""
    monkeypatch.setattr("fusion.run.robustness.ENOUGH", 3)  # the cohort is small
    bundle = finished / "bundle"
    table = robustness_of_bundle(
        bundle=bundle, cohort=None, out=tmp_path / "out", cache=small_cache, draws=20
    )
    mine = load_predictions(tmp_path / "out" / FILE)
    whole = max(mine["model"].unique(), key=len)
    said = load_predictions(finished / "predictions.parquet")
    said = said[said["model"] == "fusion"]
    keys = ["task", "patient_id", "class"]
    both = mine[mine["model"] == whole].merge(said, on=keys, validate="one_to_one")
    assert len(both) == (mine["model"] == whole).sum()
    assert set(both["part_y"]) <= {"test", "external"}
    if set(whole.split(" + ")) == set(load_bundle(bundle).trained.modalities):
        assert (both["value_x"] - both["value_y"]).abs().max() < 1e-6
    assert all(f"| {name} |" in table.read_text() for name in mine["model"].unique())
    assert (tmp_path / "out" / "robustness_map.png").exists()

    alone = shutil.copytree(bundle, tmp_path / "elsewhere")
    with pytest.raises(BundleError, match=r"no split\.json beside it"):
        robustness_of_bundle(bundle=alone, cohort=None, out=tmp_path, cache=None, draws=20)
