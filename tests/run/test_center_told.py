"""How well centres are told, before and after, by the same patients."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from fusion.config.compose import compose
from fusion.run.assemble import assemble
from fusion.run.center_told import COLUMNS, center_told
from fusion.run.prepare import prepare
from fusion.run.unharmonised import Unharmonised, plain

RNA = ["~modalities.mri", "~modalities.wsi"]


class Alike:
    """Reads what another source reads, less the mean of the patient's centre."""

    def __init__(self, source, centers, files):
        self.source, self.width = source, source.width
        rows = {p: source.load(p, files[p]) for p in centers}
        self.less = {
            p: torch.stack([rows[q] for q in centers if centers[q] == centers[p]]).mean(dim=0)
            for p in centers
        }

    def load(self, patient, rows):
        return self.source.load(patient, rows) - self.less[patient]

    def __getattr__(self, name):
        return getattr(self.source, name)


@pytest.fixture
def ready(settings, tmp_path):
    """`ready(...)`: configuration, material and untrained model of a run on RNA alone."""

    def made(*more):
        config = compose(settings("glioma_fusion", *RNA, *more))
        material = prepare(config, tmp_path)
        sources = material.inputs.sources
        return config, material, assemble(config, sources, ("rna",), config.head)

    return made


def without_centers(material):
    """The material after a perfect removal of what centres add."""
    files = material.cohort.files("rna")
    inside = [p for part in ("train", "val", "test") for p in material.place(part).patients]
    centers = {p: material.cohort.centers[p] for p in inside if p in files}
    source = Alike(material.inputs.sources["rna"], centers, files)
    return replace(material, inputs=replace(material.inputs, sources={"rna": source}))


def test_the_batch_effect_of_the_demo_is_told_before_and_not_after(ready):
    config, material, model = ready()
    rna = config.modalities["rna"]
    other = rna.model_copy(update={"table": rna.table.model_copy(update={"clip": 4.5})})
    before = Unharmonised(config.model_copy(update={"modalities": {"rna": other}}), material, model)
    table, remarks = center_told(config, without_centers(material), model, before)
    assert list(table.columns) == COLUMNS
    assert table["modality"].tolist() == ["rna", "rna"]
    assert table["when"].tolist() == ["before", "after"]
    assert remarks == []
    told, hidden = table.to_dict("records")
    assert told["low"] > 0.5  # the demo plants it
    assert hidden["auc"] < 0.5  # in-sample centring: the folds' means lie on opposite sides
    assert told["n"] == hidden["n"]
    assert told["centers"] == 3


def test_a_penalty_is_judged_by_the_tokens_of_both_models(ready):
    """The same weights tell the same, and a token is told apart as by c2st on it."""
    config, material, model = ready("invariance=coral")
    before = Unharmonised(plain(config), material, model)
    table, _ = center_told(config, material, model, before)
    assert table["modality"].tolist() == ["rna tokens", "rna tokens"]
    pd.testing.assert_series_equal(table["auc"][:1], table["auc"][1:], check_index=False)


def test_few_test_patients_are_joined_by_others_and_it_is_said(ready):
    config, material, model = ready("invariance=coral", "split.test=0.6", "split.val=0.2")
    before = Unharmonised(plain(config), material, model)
    table, _ = center_told(config, material, model, before)
    assert table["whom"].unique().tolist() == ["validation and test patients"]
    assert (table["n"] < len(material.cohort.patients)).all()


def test_what_cannot_be_told_is_said(ready):
    config, material, model = ready("invariance=coral")
    lost = frozenset(material.cohort.patients)
    nobody = replace(material, inputs=replace(material.inputs, unusable={"rna": lost}))
    table, remarks = center_told(config, nobody, model, Unharmonised(plain(config), nobody, model))
    assert table.empty
    assert len(remarks) == 1
    assert remarks[0].startswith("How well rna tokens tells the centre is not known: ")
    assert np.array_equal(table.columns, COLUMNS)
