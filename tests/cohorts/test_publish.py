"""A folder appears whole or not at all, and only what a builder wrote is replaced."""

from pathlib import Path

import pytest

from fusion.cohorts.publish import RECORD, publish
from fusion.errors import ReadError


def write(folder: Path) -> None:
    (folder / "manifest.csv").write_text("patient_id\n")


def test_a_changed_source_replaces_and_an_equal_one_does_nothing(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "cohort"
    assert publish(out=out, made_from={"a": "1", "b": "2"}, write=write)
    (out / "left-over").touch()
    assert not publish(out=out, made_from={"b": "2", "a": "1"}, write=write)
    assert (out / "left-over").exists()
    assert publish(out=out, made_from={"a": "1", "b": "3"}, write=write)
    assert sorted(f.name for f in out.iterdir()) == ["manifest.csv", RECORD]
    assert [f.name for f in out.parent.iterdir()] == ["cohort"]


def test_a_failure_leaves_the_earlier_build(tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    publish(out=out, made_from={"a": "1"}, write=write)

    def fail(folder: Path) -> None:
        (folder / "manifest.csv").write_text("torn")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(out=out, made_from={"a": "2"}, write=fail)
    assert (out / "manifest.csv").read_text() == "patient_id\n"
    assert [f.name for f in tmp_path.iterdir()] == ["cohort"]
    assert publish(out=out, made_from={"a": "2"}, write=write)


def test_a_build_that_lost_its_manifest_is_made_again(tmp_path: Path) -> None:
    publish(out=tmp_path / "c", made_from={}, write=write)
    (tmp_path / "c" / "manifest.csv").unlink()
    assert publish(out=tmp_path / "c", made_from={}, write=write)


def test_what_no_builder_wrote_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "thesis.tex"
    mine.write_text("years of work")
    for out in (tmp_path, mine):
        with pytest.raises(ReadError, match="is in the way: it holds no source"):
            publish(out=out, made_from={}, write=write)
    assert mine.read_text() == "years of work"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert publish(out=tmp_path / "empty", made_from={}, write=write)
