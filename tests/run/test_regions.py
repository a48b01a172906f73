"""A run whose regions have labels of their own, from the manifest to the report."""

import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.errors import CohortError, ConfigError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_figures")]

HIERARCHY = (
    "encoder@modalities.wsi.encoder=hierarchy",
    "modalities.wsi.encoder.region_classes=[core,edge]",
    "evaluation.singles=false",
)


def labelled(cohort):
    manifest = pd.read_csv(cohort / "manifest.csv", dtype=str)
    slides = manifest["modality"] == "wsi"
    kinds = {"A1": "core", "A2": "edge"}
    manifest.loc[slides, "region_label"] = manifest.loc[slides, "region"].map(kinds)
    manifest.loc[slides, "region_mm"] = "1 2 3"
    manifest.to_csv(cohort / "manifest.csv", index=False)
    return cohort


def test_regions_are_learned_told_and_reported(cohort, finish, tmp_path):
    folder = finish(tmp_path / "run", "glioma_subtyping", *HIERARCHY, root=labelled(cohort))
    regions = pd.read_csv(folder / "regions.csv", dtype={"patient_id": str})
    assert set(regions["part"]) == {"test", "external"}
    assert {"A1"} <= set(regions["region"])
    assert (regions["p_core"] + regions["p_edge"]).round(5).eq(1).all()
    assert regions["x_mm"].eq(1).all()
    history = pd.read_csv(folder / "models" / "fusion" / "history.csv")
    assert "val_loss/wsi_regions" in history.columns
    assert "Sampled regions" in (folder / "report.html").read_text()
    assert (folder / "tables" / "regions_wsi.csv").exists()


def test_a_label_that_no_class_has_is_a_fault(cohort, finish, tmp_path):
    manifest = pd.read_csv(labelled(cohort) / "manifest.csv", dtype=str)
    manifest["region_label"] = manifest["region_label"].replace("core", "middle")
    manifest.to_csv(cohort / "manifest.csv", index=False)
    with pytest.raises(CohortError, match=r"region_label 'middle': the configuration has core"):
        finish(tmp_path / "run", "glioma_subtyping", *HIERARCHY, root=cohort)


def test_tiles_of_different_regions_are_not_mixed():
    with pytest.raises(ConfigError, match="mix_tiles mixes tiles of all regions"):
        compose(["+experiment=glioma_subtyping", *HIERARCHY, "modalities.wsi.mix_tiles=0.2"])
