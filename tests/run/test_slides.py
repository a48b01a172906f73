"""Slides prepared ahead of a run: the same features whoever makes them; a fault stops nobody."""

import runpy
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from fusion.config.parts.sources import build_bag
from fusion.config.slides import slide_settings
from fusion.data.cohort import Cohort
from fusion.data.shard import Shard
from fusion.errors import ConfigError
from fusion.run.slides import prepare_slides

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "prepare_slides.py"


@pytest.fixture
def few(small_demo, tmp_path):
    """Four patients with a slide each; the third is cut off."""
    rows = pd.read_csv(small_demo / "manifest.csv", dtype=str)
    rows = rows[rows["modality"] == "wsi"].drop_duplicates("patient_id").head(4)
    folder = tmp_path / "cohort"
    for path in rows["path"]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(small_demo / path, folder / path)
    spoilt = folder / rows["path"].iloc[2]
    spoilt.write_bytes(spoilt.read_bytes()[:3000])
    rows.to_csv(folder / "manifest.csv", index=False)
    targets = pd.read_csv(small_demo / "targets.csv", dtype=str)
    targets = targets[targets["patient_id"].isin(rows["patient_id"])]
    targets.to_csv(folder / "targets.csv", index=False)
    return folder


def prepared(few, tmp_path, name, *shards):
    config = slide_settings("texture", {"max_tiles_per_slide": "3"})
    parts = []
    for text in shards:
        source = build_bag(config, cache=tmp_path / name / "cache", tasks={}, seed=0)
        cohort = Cohort.from_manifest(few)
        part = prepare_slides(cohort, {"wsi": source}, Shard.parse(text), tmp_path / name)
        parts.append(part.astype(object).where(part.notna(), ""))
    entries = (tmp_path / name / "cache").rglob("*.safetensors")
    table = pd.concat(parts).sort_values("line", ignore_index=True)
    return table, {path.name: path.read_bytes() for path in entries}


def test_shards_together_do_what_one_process_does(few, tmp_path):
    whole, entries = prepared(few, tmp_path, "whole", "1/1")
    parts, same = prepared(few, tmp_path, "parts", "2/3", "1/3", "3/3")
    pd.testing.assert_frame_equal(whole, parts)
    assert len(entries) == 3
    assert entries == same
    assert [bool(reason) for reason in whole["reason"]] == [False, False, True, False]
    assert whole["tiles"].tolist() == [3, 3, "", 3]
    assert (tmp_path / "whole" / "contact_sheet_1.png").read_bytes()[1:4] == b"PNG"
    assert (tmp_path / "parts" / "contact_sheet_2_of_3_1.png").exists()


def test_the_command_names_what_failed_and_keeps_the_rest(few, tmp_path, monkeypatch, capsys):
    out, cache = tmp_path / "out", tmp_path / "cache"
    words = [f"cohort={few}", f"out={out}", f"cache={cache}", "max_tiles_per_slide=2"]
    monkeypatch.setattr(sys, "argv", ["prepare_slides.py", *words])
    with pytest.raises(SystemExit, match="1"):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    said = capsys.readouterr()
    assert "3 slides, 6 tiles; 1 failed" in said.out
    assert "manifest.csv:4: patient " in said.err
    assert "copy it again" in said.err
    assert len(list(cache.rglob("*.safetensors"))) == 3


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "/16"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match=r"expected NUMBER/OF with NUMBER from 1 to OF"):
        Shard.parse(text)


@pytest.mark.parametrize(
    ("encoder", "settings", "says"),
    [
        ("textur", {}, "textur"),
        ("texture", {"tile_pxx": "3"}, "tile_pxx"),
        ("texture", {"tile_px": "large"}, "tile_px"),
        ("transformers", {}, r"no value for patch_encoder.folder"),
    ],
)
def test_settings_that_do_not_fit_are_told(encoder, settings, says):
    with pytest.raises(ConfigError, match=says):
        slide_settings(encoder, settings)
