"""The latents follow their docstring, and no modality alone can tell the three subtypes."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from fusion.testing.demo.biology import draw_patients
from fusion.testing.demo.centers import LABS, assign
from fusion.testing.demo.outcome import (
    log_hazard,
    noisy,
    response_logit,
    sigmoid,
    true_targets,
)

COUNT = 4000
"""Patients; a mean of N(0, 1) over a seventh of them is known to 0.04 (sd)."""


@pytest.fixture(scope="module")
def patients():
    return draw_patients(assign(COUNT), seed=0, name="biology")


@pytest.fixture(scope="module")
def latents(patients):
    return pd.DataFrame([asdict(p) for p in patients]).set_index("patient_id")


@pytest.fixture(scope="module")
def targets(patients):
    return true_targets(patients, seed=0)


def test_every_center_has_the_same_case_mix(latents):
    mix = pd.crosstab(latents["center"], latents["kind"], normalize="index")
    assert len(mix) == len(LABS) == 5
    # the wheel deals two, two, two and one of seven; a centre differs by one patient at most
    expected = {"astrocytoma": 2, "glioblastoma": 2, "metastasis": 1, "oligodendroglioma": 2}
    for kind, parts in expected.items():
        assert mix[kind].to_numpy() == pytest.approx(parts / 7, abs=2 / (COUNT / 5))


@pytest.mark.parametrize(
    ("latent", "kind", "mean"),
    [
        ("necrosis", "glioblastoma", 1.6),
        ("necrosis", "astrocytoma", -1.6),
        ("necrosis", "oligodendroglioma", -1.6),
        ("roundness", "glioblastoma", -1.6),
        ("roundness", "astrocytoma", -1.6),
        ("roundness", "oligodendroglioma", 1.6),
        ("metabolism", "glioblastoma", 0.9),
        ("metabolism", "oligodendroglioma", -0.9),
        ("cellularity", "glioblastoma", 0.0),
        ("immune", "astrocytoma", 0.0),
        ("vascularity", "oligodendroglioma", 0.0),
    ],
)
def test_latents_have_the_stated_distribution(latents, latent, kind, mean):
    values = latents.loc[latents["kind"] == kind, latent]
    assert values.mean() == pytest.approx(mean, abs=4 / np.sqrt(len(values)))
    assert values.std() == pytest.approx(1, abs=4 / np.sqrt(2 * len(values)))


def macro_auc(scores: np.ndarray, classes: pd.Series) -> float:
    names = ["glioblastoma", "astrocytoma", "oligodendroglioma"]
    return float(np.mean([roc_auc_score(classes == n, scores[:, i]) for i, n in enumerate(names)]))


def test_subtype_needs_mri_and_slides(latents):
    glioma = latents[latents["kind"] != "metastasis"]
    # posteriors of two normals 3.2 apart with equal variance
    wild = 1 / (1 + np.exp(-3.2 * glioma["necrosis"].to_numpy()))
    codel = 1 / (1 + np.exp(-3.2 * glioma["roundness"].to_numpy()))
    half = np.full_like(wild, 0.5)
    mri = macro_auc(np.stack([wild, (1 - wild) / 2, (1 - wild) / 2], axis=1), glioma["kind"])
    slides = macro_auc(np.stack([(1 - codel) * half, (1 - codel) * half, codel], 1), glioma["kind"])
    both = np.stack([wild * (1 - codel), (1 - wild) * (1 - codel), (1 - wild) * codel], axis=1)
    ceiling = (1 + 0.75 + 0.75) / 3
    assert 0.79 < mri < ceiling
    assert 0.79 < slides < ceiling
    assert macro_auc(both, glioma["kind"]) > 0.96


def test_what_the_modalities_share_says_nothing_of_any_target(latents, targets):
    glioma = targets["subtype"].notna()
    for label in (targets["subtype"] == "glioblastoma", targets["grade"] == "G4"):
        auc = roc_auc_score(label[glioma], latents.loc[glioma, "vascularity"])
        assert auc == pytest.approx(0.5, abs=0.04)  # 4 standard errors at 1,100 against 2,300


def test_metastases_have_a_diagnosis_only(latents, targets):
    met = latents["kind"] == "metastasis"
    assert set(targets.loc[met, "diagnosis"]) == {"metastasis"}
    assert set(targets.loc[~met, "diagnosis"]) == {"glioma"}
    others = ["subtype", "grade", "os_time_days", "os_event", "response"]
    assert targets.loc[met, others].isna().all(axis=None)
    assert targets.loc[~met, others[:4]].notna().all(axis=None)
    assert targets.loc[~met, "response"].notna().mean() == pytest.approx(0.6, abs=0.04)
    assert (targets.loc[latents["kind"] == "glioblastoma", "grade"] == "G4").all()


def test_survival_follows_the_log_hazard_with_its_interaction(patients, targets):
    cox = pytest.importorskip("lifelines").CoxPHFitter()
    rows = [
        {
            "p": p.proliferation,
            "n": np.tanh(p.necrosis),
            "c": p.cellularity,
            "a": (p.age - 54) / 12,
            "k": (p.kps - 83) / 11,
            "pn": p.proliferation * np.tanh(p.necrosis),
        }
        for p in patients
    ]
    table = pd.DataFrame(rows, index=targets.index).join(targets[["os_time_days", "os_event"]])
    table = table.dropna().astype(float)
    found = cox.fit(table, "os_time_days", "os_event")
    stated = {"p": 0.8, "n": 0.5, "c": 0.7, "a": 0.35, "k": -0.2, "pn": 0.8}
    for name, value in stated.items():
        assert abs(found.params_[name] - value) < 4 * found.standard_errors_[name]
    hazard = pd.Series([log_hazard(p) for p in patients], index=targets.index)
    by_hand = sum(value * table[name] for name, value in stated.items())
    assert hazard[table.index].to_numpy() == pytest.approx(by_hand.to_numpy())
    assert 0.5 < table["os_event"].mean() < 0.8


def test_response_needs_rna_and_mri(patients, latents, targets):
    treated = targets["response"].notna().to_numpy()
    responds = (targets["response"] == "responder")[treated]
    logit = np.array([response_logit(p) for p in patients])[treated]
    assert roc_auc_score(responds, logit) > 0.83
    assert 0.68 < roc_auc_score(responds, latents["immune"][treated]) < 0.78
    assert roc_auc_score(responds, latents["necrosis"][treated]) == pytest.approx(0.5, abs=0.06)
    # calibrated: the logit is the log odds
    expected = np.mean([sigmoid(float(x)) for x in logit])
    assert responds.mean() == pytest.approx(expected, abs=0.04)


def test_another_name_is_another_biology_with_the_same_laws(patients, targets):
    other = draw_patients(assign(COUNT), seed=0, name="null")
    assert [p.patient_id for p in other] == [p.patient_id for p in patients]
    assert [p.center for p in other] == [p.center for p in patients]
    known = targets["subtype"].notna().to_numpy()
    necrosis = np.array([p.necrosis for p in other])[known]
    auc = roc_auc_score((targets["subtype"] == "glioblastoma")[known], necrosis)
    assert auc == pytest.approx(0.5, abs=0.04)


def test_patients_do_not_depend_on_each_other():
    few = draw_patients(assign(20), seed=3, name="biology")
    again = draw_patients(assign(20), seed=3, name="biology")
    other = draw_patients(assign(20), seed=4, name="biology")
    assert few == again
    assert few != other


@pytest.mark.parametrize("fraction", [0.0, 0.2, 1.0])
def test_label_noise_hits_the_stated_fraction_and_never_keeps_a_label(targets, fraction):
    wrong = noisy(targets, fraction=fraction, seed=0)
    for name in ("subtype", "grade", "diagnosis", "response"):
        known = targets[name].notna()
        assert (wrong[name].notna() == known).all()
        changed = (wrong[name] != targets[name])[known].sum()
        assert changed == round(fraction * known.sum())
    pairs = ["os_time_days", "os_event"]
    known = targets["os_event"].notna()
    before = targets.loc[known, pairs].sort_values(pairs).to_numpy()
    after = wrong.loc[known, pairs].sort_values(pairs).to_numpy()
    assert (before == after).all()  # passed round, so the distribution stays
