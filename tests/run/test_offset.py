"""A run whose head begins at the clinical model: the same numbers, and what is added to them."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from fusion import load_bundle
from fusion.config.compose import compose
from fusion.errors import ConfigError
from fusion.report.metrics_file import load_metrics
from fusion.run.folder import FINISHED
from fusion.run.main import run
from fusion.run.offset import check_offset

HEAD = ["head=offset", "tasks.subtype.balanced=false"]
TABLE = "+modality@modalities.clinical=baseline_table"
OFFSET = [*HEAD, TABLE]
KEY = ["cohort", "patient_id"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], r"\+modality@modalities.clinical=baseline_table"),
        (["encoder@modalities.clinical.encoder=snn"], "modality@modalities.clinical=baseline_"),
        (
            [
                "+modality@modalities.clinical=clinical",
                "encoder@modalities.clinical.encoder=identity",
            ],
            " modality@modalities.clinical=baseline_table",
        ),
        (["tasks.subtype.balanced=true"], "with head offset: tasks.subtype.balanced=false"),
        (["head.clinical=rna"], "head.clinical=clinical"),
        (["task@tasks.survival=survival_discrete"], "kind discrete_time; .* use kind cox"),
        (
            ["+tasks.subtype.defining.clinical=[kps]"],
            r"kps of clinical define another task .* of grade .* baseline.table.drop=\[kps\]",
        ),
    ],
)
def test_what_would_not_begin_at_the_clinical_model_is_refused(more, message):
    table = [] if not more or "clinical=clinical" in more[0] else [TABLE]
    given = [*HEAD, *table, *more]
    with pytest.raises(ConfigError, match=message):
        check_offset(compose(["+experiment=glioma_fusion", *given]))


def test_without_a_clinical_model_there_is_nothing_to_begin_at():
    with pytest.raises(ConfigError, match=r"modalities\.clinical\.table"):
        compose(["+experiment=glioma_fusion", *OFFSET, "~baseline"])
    check_offset(compose(["+experiment=glioma_fusion", "~baseline"]))  # any other head


def test_dropped_from_both_a_defining_column_is_no_obstacle():
    more = ["+tasks.subtype.defining.clinical=[kps]", "baseline.table.drop=[kps]"]
    check_offset(compose(["+experiment=glioma_fusion", *OFFSET, *more]))


@pytest.fixture(scope="module")
def offset_run(once, finish):
    """RNA and the clinic, one epoch."""
    tables = ["~modalities.mri", "~modalities.wsi", "head@head.inner=late"]
    return once("offset", lambda f: finish(f, "glioma_fusion", *OFFSET, *tables))


@pytest.mark.slow
def test_the_offset_is_the_clinical_model_of_the_run(offset_run):
    """For every patient who has the table; single precision keeps seven digits."""
    added = pd.read_csv(offset_run / "added.csv", dtype={"patient_id": str})
    table = pd.read_parquet(offset_run / "predictions.parquet")
    clinical = table[table["model"] == "clinical"]
    for task, class_name, output in [
        ("survival", "risk", "log-hazard"),
        ("grade", "G2", "log-odds of more than G2"),
    ]:
        theirs = clinical[(clinical["task"] == task) & (clinical["class"] == class_name)]
        mine = added[(added["task"] == task) & (added["output"] == output)]
        both = theirs.merge(mine, on=KEY, validate="1:1")
        assert len(both) == len(theirs) > 40
        value = both["offset"] if task == "survival" else 1 / (1 + np.exp(both["offset"]))
        np.testing.assert_allclose(value, both["value"], rtol=0, atol=1e-5)
    mine = added[added["task"] == "subtype"].pivot(index=KEY, columns="output", values="offset")
    names = [name.split(" ")[2] for name in mine.columns]
    shares = pd.DataFrame(softmax(mine.to_numpy(), axis=1), index=mine.index, columns=names)
    long = shares.stack().rename("mine").rename_axis([*KEY, "class"]).reset_index()
    both = clinical[clinical["task"] == "subtype"].merge(long, on=[*KEY, "class"], validate="1:1")
    np.testing.assert_allclose(both["mine"], both["value"], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_it_is_on_record_reported_and_reproduced(offset_run, small_demo, small_cache):
    notes = {n["what"]: n for n in json.loads((offset_run / "fitted.json").read_text())}
    split = json.loads((offset_run / "split.json").read_text())
    for task in ("grade", "subtype", "survival"):
        seen = notes[f"clinical offset of {task}"]
        assert seen["kind"] == "fit"
        assert set(seen["patients"]) <= set(split["train"])
    metrics = load_metrics(offset_run / "metrics.json")
    row = next(r for r in metrics.added if (r.task, r.part) == ("survival", "train"))
    assert row.offset_sd > 0
    page = (offset_run / "report.html").read_text()
    assert "What fusion adds to the clinical offset" in page
    history = pd.read_csv(offset_run / "models" / "fusion" / "history.csv")
    assert history["epoch"].tolist() == [-1, 0]
    if notes["epoch of fusion"]["value"] == -1:
        assert "no epoch had a lower validation loss than the clinical model alone" in page
    else:
        assert row.added_sd > 0

    found = load_bundle(offset_run / "bundle", cache=small_cache).predict(small_demo)
    table = pd.read_parquet(offset_run / "predictions.parquet")
    key = ["patient_id", "task", "class"]
    both = table[table["model"] == "fusion"].merge(found, on=key, suffixes=("", "_found"))
    assert len(both) > 0
    np.testing.assert_allclose(both["value_found"], both["value"], rtol=0, atol=1e-6)


@pytest.mark.slow
def test_a_finished_model_is_taken_up_again(offset_run, settings, tmp_path):
    """With the frozen offset in its weights, and nothing trained a second time."""
    folder = shutil.copytree(offset_run, tmp_path / "again")
    shutil.rmtree(folder / "models" / "fusion" / "checkpoints")
    (folder / "predictions.parquet").unlink()
    (folder / FINISHED).unlink()
    tables = ["~modalities.mri", "~modalities.wsi", "head@head.inner=late"]
    more = [*OFFSET, *tables, f"out={folder}", "ckpt=last"]
    overrides = settings("glioma_fusion", *more)
    run(compose(overrides), folder, overrides)
    before, after = (pd.read_parquet(f / "predictions.parquet") for f in (offset_run, folder))
    pd.testing.assert_frame_equal(before, after)
