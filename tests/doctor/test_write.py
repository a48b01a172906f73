"""The files of a check-up say the same."""

import json

import pandas as pd
import pytest
from PIL import Image

from fusion.doctor.picture import draw
from fusion.doctor.write import write_checkup
from fusion.errors import ReportError


def test_json_equals_the_tables(mini, tmp_path):
    (mini.root / "wsi/P2.png").write_bytes(b"not a picture")
    mini.targets.loc[5, "idh"] = None
    checkup = mini.check()
    write_checkup(checkup, tmp_path / "out")
    found = json.loads((tmp_path / "out/check.json").read_text())
    assert sorted(found["tables"]) == sorted(p.stem for p in (tmp_path / "out").glob("*.csv"))
    for name, records in found["tables"].items():
        table = checkup.tables[name]
        assert len(records) == len(table)
        written = pd.read_csv(tmp_path / f"out/{name}.csv", keep_default_na=False, dtype=str)
        assert list(written.columns) == list(table.columns)
        for record, row in zip(records, written.to_dict("records"), strict=True):
            for column, value in record.items():
                text = row[column]
                if isinstance(value, float):
                    assert float(text) == value
                else:
                    assert text == ("" if value is None else str(value))
    assert (found["faults"], found["warnings"]) == (len(checkup.faults), len(checkup.warnings))
    assert found["faults"] == sum(r["severity"] == "fault" for r in found["tables"]["findings"])
    assert (found["patients"], found["centers"]) == (6, 2)
    assert found["fingerprint"] == checkup.cohort.fingerprint()


def test_the_picture_is_one_and_always_the_same(mini, tmp_path):
    checkup = mini.check()
    write_checkup(checkup, tmp_path)
    with Image.open(tmp_path / "check.png") as picture:
        assert picture.width > 2000
    assert (tmp_path / "check.png").read_bytes() == draw(checkup)


def test_a_picture_of_little_is_drawn_too(mini):
    """A cohort without files, without labels, with a centre whose name looks like a formula."""
    mini.rows = [{"patient_id": p, "center": "$x^", "modality": "", "path": ""} for p in "ABC"]
    mini.targets = pd.DataFrame({"patient_id": list("ABC")})
    assert draw(mini.check()).startswith(b"\x89PNG")


def test_an_earlier_picture_does_not_outlive_its_cohort(mini, tmp_path):
    write_checkup(mini.check(), tmp_path / "out")
    (mini.root / "manifest.csv").unlink()
    mini.write = lambda: mini.root
    checkup = mini.check()
    assert checkup.cohort is None
    write_checkup(checkup, tmp_path / "out")
    assert not (tmp_path / "out/check.png").exists()
    with pytest.raises(ValueError, match="a check-up without a cohort has no picture"):
        draw(checkup)


def test_a_folder_that_cannot_be_written_to_is_named(mini, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ReportError, match="taken"):
        write_checkup(mini.check(), tmp_path / "taken")


def test_more_combinations_than_are_drawn_are_counted(mini):
    """Sixteen combinations of four tables: the panel draws fourteen and names the rest."""
    names = ["rna", "cnv", "mut", "lab"]
    mini.rows, mini.targets = [], pd.DataFrame({"patient_id": [f"Q{i}" for i in range(16)]})
    keys = mini.targets.rename(columns={"patient_id": "key"}).assign(value=range(16))
    for name in names:
        keys.to_csv(mini.root / f"{name}.csv", index=False)
    for i in range(16):
        mini.rows += [{"patient_id": f"Q{i}", "center": "A"}] if i == 0 else []
        mini.rows += [
            {"patient_id": f"Q{i}", "center": "A", "modality": name, "path": f"{name}.csv"}
            for bit, name in enumerate(names)
            if i >> bit & 1
        ]
    mini.rna = keys
    checkup = mini.check()
    assert checkup.faults == ()
    assert len(checkup.tables["patterns"].query("center == 'all'")) == 16
    assert draw(checkup).startswith(b"\x89PNG")
