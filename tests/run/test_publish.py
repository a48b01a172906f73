"""What a finished run leaves for its readers."""

import json

import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.run.bundle_files import sha256
from fusion.run.methods import kinds, methods

pytestmark = pytest.mark.slow


def test_the_page_carries_the_fingerprints_of_what_decides_it(finished):
    page = (finished / "report.html").read_text(encoding="utf-8")
    about = json.loads((finished / "bundle" / "bundle.json").read_text())
    for fingerprint in (
        about["cohort"]["fingerprint"],
        sha256(finished / "split.json"),
        sha256(finished / "bundle" / "weights.safetensors"),
    ):
        assert fingerprint in page


def test_the_clinic_reaches_table_one_and_the_checklists(finished):
    table = pd.read_csv(finished / "tables" / "table_one.csv")
    assert {"age", "kps", "sex", "subtype", "survival"} <= set(table["variable"])
    replies = pd.read_csv(finished / "checklists" / "tripod_ai.csv", index_col="item")["reply"]
    assert replies["20b"] == replies["12a"] == "yes"
    assert replies["17"] == "for the authors"
    card = (finished / "bundle" / "README.md").read_text()
    assert "| sex | F |" in card
    assert "demo-0" not in card  # ids of the demo


@pytest.mark.parametrize(
    ("overrides", "found"),
    [
        (["modalities.mri.crop=center"], {"segmentation": False, "automated segmentation": False}),
        (["modalities.mri.crop=tumour"], {"segmentation": True}),
        (["tasks.subtype.balanced=false"], {"class weights": False}),
        (["missing=mean"], {"filled modalities": True, "patients in the weights": False}),
        (["missing=knn"], {"filled modalities": True, "patients in the weights": True}),
        (
            ["~modalities.rna"],
            {"filled modalities": False, "hand-crafted features": True, "volumes": True},
        ),
    ],
)
def test_methods_are_those_of_the_configuration(overrides, found):
    config = compose(["+experiment=glioma_fusion", *overrides])
    told = methods(config)
    assert {name: told[name] for name in found} == found
    assert ("automated segmentation" in told) == (not told["segmentation"])
    assert set(kinds(config)) == set(config.modalities)
