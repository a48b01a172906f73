"""The rules that the structure keeps: stages, edges, sizes, names. One table, no exceptions."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fusion"

STAGES = (
    "types errors",
    "arguments content_order",
    "losses metrics",
    "statistics",
    "data",
    "lesions",
    "audit",
    "cohorts",
    "encoders heads tasks",
    "baseline invariance penalties model",
    "lit",
    "report",
    "doctor",
    "explain",
    "testing",
    "config",
    "run",
    "compare",
    "cli",
)
"""In the order in which data passes; a module imports from its own part or from stages above.
`fusion/__init__.py` offers the public names and stands outside."""

EDGES = {
    "lightning": {"lit"},
    "hydra": {"config/compose.py", "config/slides.py"},
    "omegaconf": {"config/compose.py", "config/slides.py"},
    "openslide": {"data/readers"},
    "pydicom": {"data/readers", "testing/dicom.py", "report/dicom_seg_series.py"},
    "nibabel": {"data/readers", "data/prepare", "testing/demo", "cohorts"},
    "monai": {"data/prepare", "encoders", "metrics/surface.py"},
    "jinja2": {"report"},
    "SimpleITK": {"data/prepare/mri_itk.py"},
    "highdicom": {"report/dicom_seg_segment.py"},
    "transformers": {"data/prepare/patch_encoders"},
    "timm": {"data/prepare/patch_encoders"},
    "distributed": {"run/slides_on_dask.py"},
    "tifffile": {"testing/demo", "data/readers"},
    "simplejpeg": {"data/readers"},
    "cv2": {"data/readers", "data/prepare"},
    "nilearn": {"testing/demo"},
    "lifelines": {"baseline", "report", "metrics", "statistics"},
}
"""Heavy libraries live at the edge."""

FORBIDDEN_FOLDERS = {"utils", "helpers", "common", "core"}
FORBIDDEN_IMPORTS = {"torchvision", "sksurv", "pickle", "joblib", "dill", "cloudpickle"}

FILES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def stage(name: str) -> int:
    return next(i for i, names in enumerate(STAGES) if name in names.split())


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_file_keeps_its_stage_and_its_size(path):
    here = part(path)
    names = imports(path)
    assert "__future__" not in names  # run-time shape checks and schemas read real types
    assert not FORBIDDEN_IMPORTS & {n.split(".")[0] for n in names}
    assert len(path.read_text().splitlines()) <= 200
    if here == "__init__":
        return
    for name in names:
        top, _, rest = name.partition(".")
        if top == "fusion" and rest:
            there = rest.split(".")[0]
            assert there == here or stage(there) < stage(here), f"{here} imports {name}"
        allowed = EDGES.get(top)
        if allowed is not None:
            place = path.relative_to(PACKAGE).as_posix()
            assert any(place == a or place.startswith(f"{a}/") for a in allowed), f"{name} here"


def test_every_part_has_a_stage():
    for path in FILES:
        if part(path) != "__init__":
            stage(part(path))


def test_no_room_for_unowned_code():
    folders = {p.name for p in PACKAGE.rglob("*") if p.is_dir()}
    assert not FORBIDDEN_FOLDERS & folders


def test_no_config_names_an_import_path():
    for path in (ROOT / "configs").rglob("*.yaml"):
        assert "_target_" not in path.read_text(), path


def test_train_is_short():
    assert len((ROOT / "train.py").read_text().splitlines()) <= 40
