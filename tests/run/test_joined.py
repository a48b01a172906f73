"""Two hospitals without a common patient or modality train one model."""

import shutil

import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.errors import CohortError, ConfigError
from fusion.run.cohort import open_cohort

pytestmark = pytest.mark.slow


@pytest.fixture
def apart(small_demo, tmp_path):
    """`mri` has every other patient's MRI, `wsi` the other half's slides."""

    def half(modality, parity):
        folder = shutil.copytree(small_demo, tmp_path / modality)
        for name in ("manifest.csv", "targets.csv"):
            table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
            mine = table["patient_id"].str[-4:].astype(int) % 2 == parity
            if name == "manifest.csv":
                mine &= table["modality"].isin([modality, "clinical"])
            table[mine].to_csv(folder / name, index=False)
        having = pd.read_csv(folder / "manifest.csv", dtype=str)["patient_id"]
        targets = pd.read_csv(folder / "targets.csv", dtype=str, keep_default_na=False)
        targets[targets["patient_id"].isin(having)].to_csv(folder / "targets.csv", index=False)
        return folder

    return half("mri", 0), half("wsi", 1)


def test_what_one_has_and_the_other_lacks_is_learned_together(apart, finish, tmp_path):
    mri, wsi = apart
    folder = finish(tmp_path / "run", "glioma_subtyping", f"+cohort.join.wsi={wsi}", root=mri)
    table = pd.read_parquet(folder / "predictions.parquet")
    fused = table[(table["model"] == "fusion") & (table["part"] == "external")]
    parity = fused["patient_id"].str[-4:].astype(int) % 2
    assert set(parity) == {0, 1}
    assert not (folder / "robustness.parquet").exists()  # nobody has two modalities to hide


def test_joined_cohorts_are_checked_one_by_one(apart, settings):
    mri, wsi = apart
    targets = pd.read_csv(wsi / "targets.csv", dtype=str, keep_default_na=False)
    targets.loc[0, "subtype"] = "nonsense"
    targets.to_csv(wsi / "targets.csv", index=False)
    config = compose(settings("glioma_subtyping", f"+cohort.join.wsi={wsi}", root=mri))
    with pytest.raises(CohortError, match=r"targets\.csv:2"):
        open_cohort(config)
    config = compose(settings("glioma_subtyping", f"+cohort.join.again={mri}", root=mri))
    with pytest.raises(ConfigError, match="are in more than one of"):
        open_cohort(config)
