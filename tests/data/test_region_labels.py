"""Labels and places of regions, from the manifest to the tiles of a bag."""

from pathlib import Path

import pytest
import torch

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.sources.region_classes import RegionClasses
from fusion.errors import CohortError
from fusion.types import Center, Modality, PatientId

HEAD = "patient_id,center,modality,path,region,region_label,region_mm"


def cohort(folder, *rows):
    for i in range(1, len(rows) + 1):
        (folder / f"{i}.png").write_bytes(b"x")
    lines = [f"P1,A,wsi,{i}.png,{row}" for i, row in enumerate(rows, start=1)]
    (folder / "manifest.csv").write_text("\n".join([HEAD, *lines]) + "\n")
    return Cohort.from_manifest(folder)


def test_a_region_has_its_label_and_its_place(tmp_path):
    found = cohort(tmp_path, "A1,core,-31.5 12 40", "A2,,", ",,")
    rows = found.files("wsi")[PatientId("P1")]
    assert [row.region_label for row in rows] == ["core", None, None]
    assert [row.region_mm for row in rows] == [(-31.5, 12.0, 40.0), None, None]


def test_a_label_is_part_of_the_fingerprint(tmp_path):
    prints = set()
    for i, label in enumerate(["", "core", "edge"]):
        (tmp_path / str(i)).mkdir()
        prints.add(cohort(tmp_path / str(i), f"A1,{label},").fingerprint())
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([",core,"], r"manifest.csv:2: .*region_label 'core' of a row without a region"),
        ([",,1 2 3"], r"region_mm '1 2 3' of a row without a region"),
        (["A1,,1 2"], r"region_mm '1 2': expected x y z in millimetres"),
        (["A1,,1 2 here"], r"region_mm '1 2 here': expected x y z"),
        (["A1,core,", "A1,edge,"], r"manifest.csv:3: .*region A1: region_label edge here, core"),
        (["A1,core,", "A1,,"], r"region A1: region_label None here, core on line 2"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, rows, message):
    with pytest.raises(CohortError, match=message):
        cohort(tmp_path, *rows)


def test_tiles_have_the_class_of_their_region():
    def entry(region, label):
        return Entry(
            PatientId("P1"), Center("A"), Modality("wsi"), Path("1.svs"), 7,
            region=region, region_label=label,
        )  # fmt: skip

    classes = RegionClasses(("core", "edge"))
    rows = [entry("A1", "edge"), entry("A2", None), entry("A3", "core")]
    assert torch.equal(classes.of_tiles(rows, [2, 1, 1]), torch.tensor([1, 1, -1, 0]))
    assert classes.faults({PatientId("P1"): tuple(rows)}) == []
    fault = classes.faults({PatientId("P1"): (entry("A1", "rim"),)})[0]
    assert str(fault).startswith("manifest.csv:7: patient P1: region_label 'rim'")
