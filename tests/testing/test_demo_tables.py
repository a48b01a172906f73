"""What was planted in the tables can be found there, and centre effects where they are stated."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from fusion.testing.demo.biology import draw_patients
from fusion.testing.demo.centers import LABS, assign
from fusion.testing.demo.tables import (
    PASSENGERS,
    RATES,
    SIGNATURES,
    batch_shifts,
    clinical,
    loadings,
    mutations,
    rna,
)

COUNT = 1000


@pytest.fixture(scope="module")
def patients():
    return draw_patients(assign(COUNT), seed=0, name="biology")


@pytest.fixture(scope="module")
def latents(patients):
    return pd.DataFrame([asdict(p) for p in patients]).set_index("patient_id")


@pytest.fixture(scope="module")
def even(patients):
    """Expression without a batch effect or a gap."""
    return rna(patients, shift=0.0, gaps=0.0, seed=0)


def test_genes_are_400_and_each_signature_once():
    genes = loadings(0)
    assert len(genes) == genes["gene"].nunique() == 400
    assert (genes["factor"] != "").sum() == sum(len(g) for g in SIGNATURES.values())


def test_planted_loadings_are_found_by_regression(even, latents):
    genes = loadings(0).set_index("gene")
    names = ["metabolism", "proliferation", "immune", "vascularity"]
    design = np.column_stack(
        [
            np.ones(COUNT),
            *(latents[n] for n in names),
            latents["kind"] == "metastasis",
            latents["sex"] == "M",
        ]
    ).astype(float)
    found, *_ = np.linalg.lstsq(design, even.to_numpy(), rcond=None)
    for row, name in enumerate(names, start=1):
        expected = np.where(genes["factor"] == name, genes["loading"], 0.0)
        # residual sd of a gene about 1.1: standard error 0.035, five of them over 400 genes
        assert np.abs(found[row] - expected).max() < 0.2


def test_batch_is_the_only_difference_between_centers(patients, latents, even):
    shifted = rna(patients, shift=1.0, gaps=0.0, seed=0)
    batch = batch_shifts(0, list(even.columns), shift=1.0)
    for each in LABS:
        rows = latents["center"] == each.name
        difference = (shifted[rows] - even[rows]).to_numpy()
        # values are rounded to 0.001
        assert np.abs(difference - batch[each.name].to_numpy()).max() < 2e-3
        assert batch[each.name].std() == pytest.approx(each.batch, rel=0.15)
    doubled = batch_shifts(0, list(even.columns), shift=2.0)
    np.testing.assert_allclose(doubled, 2 * batch, atol=2e-4)


def test_gaps_are_blank_cells_at_the_stated_rate_and_change_nothing_else(patients, even):
    holed = rna(patients, shift=0.0, gaps=0.01, seed=0)
    assert holed.isna().mean(axis=None) == pytest.approx(0.01, abs=0.001)
    kept = holed.notna().to_numpy()
    assert (holed.to_numpy()[kept] == even.to_numpy()[kept]).all()


def test_mutations_define_the_label_only_in_the_two_named_columns(patients, latents):
    table = mutations(patients, gaps=0.0, seed=0)
    assert table.shape == (COUNT, 2 + len(RATES) + len(PASSENGERS))
    assert (table["IDH1_mut"] == latents["idh"]).all()
    assert (table["codel_1p19q"] == latents["codel"]).all()
    others = table.drop(columns=["IDH1_mut", "codel_1p19q"]).astype(float)
    glioma = latents["kind"] != "metastasis"
    strongest = others[glioma].corrwith(latents["idh"][glioma]).abs().max()
    assert strongest < 0.35
    assert others["TP53_mut"][latents["kind"] == "astrocytoma"].mean() == pytest.approx(
        0.45, abs=0.12
    )
    assert mutations(patients, gaps=0.03, seed=0)["IDH1_mut"].notna().all()


def test_clinical_table_says_what_the_latents_say(patients, latents):
    table = clinical(patients, gaps=0.0, seed=0)
    assert (table["age"] == latents["age"]).all()
    assert set(table["sex"]) == {"F", "M"}
    assert table["kps"].between(50, 100).all()
    gaps = clinical(patients, gaps=0.05, seed=0)["kps"].isna().mean()
    assert gaps == pytest.approx(0.05, abs=0.03)


def test_sex_can_be_read_from_rna(even, latents):
    assert ((even["XIST"] > even["XIST"].mean()) == (latents["sex"] == "F")).mean() > 0.9
