"""Modalities trained alone, pooled: trained once, resumed, never fitted on whom it is tested on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from fusion.config.compose import compose
from fusion.config.parts.tasks import build_columns, task_info
from fusion.config.task import WeibullConfig
from fusion.errors import ConfigError, Interrupted, TrainingError
from fusion.run import ensemble
from fusion.run.audit_records import examine_run
from fusion.run.bundle import load_bundle
from fusion.run.ensemble import learn_fusion
from fusion.run.ensemble_members import can_choose, members
from fusion.run.fitted import FILE, Fitted
from fusion.run.inner_folds import inner_parts, without
from fusion.run.loading import load
from fusion.run.main import run
from fusion.run.predict import predict
from fusion.run.prepare import prepare
from fusion.run.votes import Votes, links
from fusion.tasks.cox import Cox
from fusion.tasks.discrete_time import DiscreteTime

KEY = ["patient_id", "task", "class"]
STACKED = ["head=ensemble", "head.how=stacked", "head.folds=2"]


def test_a_table_of_votes_says_who_has_what():
    rows = {"a": {"p": torch.tensor([1.0, 2.0])}, "c": {"q": torch.tensor([3.0, 4.0])}}
    votes = Votes.of(rows, ["q", "p"], ["a", "b", "c"], 2)
    assert votes.there.tolist() == [[False, False, True], [True, False, False]]
    assert votes.values[1, 0].tolist() == [1.0, 2.0]
    assert not votes.values[~votes.there].any()


def test_only_intervals_are_moved():
    def tasks(edges):
        task = DiscreteTime(bins=2, horizons_days=[1.0])
        task.edges.copy_(torch.tensor(edges))
        return {"a": task, "b": Cox(horizons_days=[1.0], ties="efron", risk_sets="batch")}

    found = links(tasks([0.0, 2.0, 4.0]), tasks([0.0, 3.0, 4.0]))
    assert found.tolist() == [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]


def test_a_task_that_cannot_be_pooled_is_refused():
    weibull = WeibullConfig(
        kind="weibull", column="os", horizons_days=[365.0], weight=1.0, defining={}
    )
    with pytest.raises(ConfigError, match="head ensemble cannot pool task death, of kind weibull"):
        build_columns("death", weibull)


@pytest.fixture(scope="module")
def ready(settings, tmp_path_factory):
    config = compose(settings("glioma_fusion", *STACKED))
    return config, prepare(config, tmp_path_factory.mktemp("material"))


@pytest.mark.slow
def test_inner_folds_hold_every_training_patient_out_once(ready):
    config, material = ready
    train = set(material.place("train").patients)
    parts = inner_parts(config, material, 3)
    assert sorted(p for part in parts for p in part) == sorted(train)
    assert parts == inner_parts(config, material, 3)
    for part in parts:
        inner = without(material, part)
        assert set(inner.place("train").patients) == train - part
        assert set(inner.place("test").patients) == part
        assert inner.place("val") == material.place("val")
        assert {place.part for place in inner.places} == {"train", "val", "test"}


@pytest.mark.slow
def test_a_modality_that_cannot_be_trained_alone_is_left_out_and_said(ready):
    config, material = ready
    assert members(config, material, config.head) == (("mri", "rna", "wsi"), [])
    everybody = frozenset(material.cohort.centers)
    inputs = replace(material.inputs, unusable={**material.inputs.unusable, "rna": everybody})
    names, remarks = members(config, replace(material, inputs=inputs), config.head)
    assert names == ("mri", "wsi")
    assert remarks[0].startswith("rna has no part in the ensemble: ")
    nobody = replace(material.inputs, unusable=dict.fromkeys(config.modalities, everybody))
    with pytest.raises(TrainingError, match="no modality can be trained alone"):
        members(config, replace(material, inputs=nobody), config.head)


@pytest.mark.slow
def test_weights_without_a_label_to_choose_them_by_are_refused(ready):
    config, material = ready
    name = material.cohort.name
    val = set(material.place("val").patients)
    for lost, lack in (({}, "a label"), ({"survival": torch.tensor([9.0, 0.0])}, "an event")):
        labels = {
            p: {t: v for t, v in mine.items() if t != "survival" or p not in val}
            | (lost if p in val else {})
            for p, mine in material.inputs.labels[name].items()
        }
        inputs = replace(material.inputs, labels={**material.inputs.labels, name: labels})
        with pytest.raises(TrainingError, match=f"task survival: none of the .* has {lack}"):
            can_choose(config, replace(material, inputs=inputs), ("mri", "rna", "wsi"))


@pytest.fixture(scope="module")
def stacked(once, settings):
    """A run that was stopped before its fifth model, and gone on with."""

    def make(folder):
        overrides = settings("glioma_fusion", *STACKED, f"out={folder}")
        taught, learn = [], ensemble.learn

        def stopped(*args, **kwargs):
            if len(taught) == 4:
                raise Interrupted("SIGTERM", 143, "again")
            taught.append(kwargs["folder"])
            return learn(*args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ensemble, "learn", stopped)
            with pytest.raises(Interrupted):
                run(compose(overrides), folder, overrides)
        before = {f: (f / "weights.safetensors").stat().st_mtime_ns for f in taught}
        again = [*overrides, "ckpt=last"]
        run(compose(again), folder, again)
        for path, when in before.items():
            assert (path / "weights.safetensors").stat().st_mtime_ns == when  # trained once

    return once("stacked", make)


@pytest.mark.slow
def test_a_stacked_run_is_stopped_gone_on_with_audited_and_reproduced(
    stacked, small_demo, small_cache
):
    table = pd.read_parquet(stacked / "predictions.parquet")
    assert set(table["model"]) == {"fusion", "clinical", "mri alone", "rna alone", "wsi alone"}
    assert np.isfinite(table["value"]).all()
    assert not [f for check in examine_run(stacked).checks for f in check.findings]

    fits = {fit.what: set(fit.patients) for fit in Fitted(stacked / FILE).fits}
    for name in ("mri", "rna", "wsi"):
        whole = fits[f"weights, bins and baseline hazard of {name}_alone"]
        inner = [
            fits[f"weights, bins and baseline hazard of inner_{k} of {name}_alone"] for k in (0, 1)
        ]
        assert inner[0] | inner[1] == whole
        assert not inner[0] & inner[1]
        for k in (0, 1):  # not even scaling saw those held out
            assert fits[f"preprocessing of {name} of inner_{k} of {name}_alone"] == inner[k]
            assert f"epoch of inner_{k} of {name}_alone" in fits

    bundle = load_bundle(stacked / "bundle", cache=small_cache)
    found = bundle.predict(small_demo)
    wanted = table[table["model"] == "fusion"]
    both = wanted.merge(found, on=KEY, suffixes=("", "_found"), validate="1:1")
    assert len(both) == len(wanted)
    # hazards are not held below 1: a few units in the last place of single precision
    np.testing.assert_allclose(both["value_found"], both["value"], rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["mean", "validation", "rank"])
def test_other_pools_of_the_same_models(stacked, ready, how, tmp_path):
    """Models that are finished are taken up; test patients and their labels change nothing."""
    config, material = ready
    config = config.model_copy(update={"head": config.head.model_copy(update={"how": how})})
    models = tmp_path / "models"
    models.mkdir()
    for name in ("mri_alone", "rna_alone", "wsi_alone"):
        (models / name).symlink_to(stacked / "models" / name)
    tested = {
        p for place in material.places if place.part in ("test", "external") for p in place.patients
    }
    labels = {
        cohort: {p: {} if p in tested else mine for p, mine in known.items()}
        for cohort, known in material.inputs.labels.items()
    }
    blind = replace(
        material,
        places=tuple(p for p in material.places if p.part in ("train", "val")),
        inputs=replace(material.inputs, labels=labels),
    )
    weights = []
    for number, seen in enumerate((material, blind)):
        noted = replace(seen, fitted=Fitted(tmp_path / f"{number}.json"))
        trained = learn_fusion(
            config,
            noted,
            folder=models / f"fusion{number}",
            prefix="",
            resume_command="",
            say=print,
        )
        weights.append((models / f"fusion{number}" / "weights.safetensors").read_bytes())
        parts = {fit.kind: set(fit.patients) for fit in noted.fitted.fits}
        assert parts["fit"] <= set(material.place("train").patients)
        assert parts.get("choice", set()) <= set(material.place("val").patients)
        assert ("choice" in parts) == (how != "mean")
    assert weights[0] == weights[1]
    if how == "mean":
        brute_force(trained, config, material, stacked)


def brute_force(trained, config, material, stacked):
    """Probabilities are the mean of those that the run wrote for the models alone."""
    place = material.place("external")
    dataset = material.inputs.dataset(place, trained.modalities)
    rows, shares = predict(
        trained,
        load(dataset, config.loader, seed=None),
        place=place,
        model="mean",
        tasks=[task_info(n, t) for n, t in config.tasks.items()],
        labels=material.inputs.labels[place.cohort.name],
        device=torch.device("cpu"),
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=0, atol=1e-6)
    table = pd.read_parquet(stacked / "predictions.parquet")
    alone = table[table["model"].str.endswith(" alone")].groupby(KEY)["value"].mean()
    classes = rows[rows["task"].isin(["subtype", "grade"])].set_index(KEY)["value"]
    assert len(classes) > 50
    np.testing.assert_allclose(classes, alone.loc[classes.index], rtol=0, atol=1e-6)
