"""Outline tumours with a trained model: masks on the grid of each patient's own files.

    python scripts/segment.py bundle=runs/btsc/.../bundle input=FOLDER_OF_A_MANIFEST output=FOLDER
    python scripts/segment.py bundle=A/bundle,B/bundle input=... output=...   an ensemble

For each patient: `mask.nii.gz` (labels of BraTS 2023; `label_scheme` in outlines.json says which),
`probability_REGION.nii.gz`, `uncertainty.nii.gz` (bits), `overview.png`, and what the mask
measures: `lesions.csv` (a row per lesion) and `numbers.json` (volumes, diameters, VASARI). For all
of them `outlines.csv` and `outlines.json` (a row per patient) and `lesions.csv`. A patient who is
done is not done again.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse
from fusion.cli import guarded
from fusion.errors import ConfigError
from fusion.lesions.side import Midline

ARGUMENTS = {
    "bundle": "folder that a run exported, or several with commas",
    "input": "folder with manifest.csv",
    "output": "folder for masks, tables and pictures",
    "modality": "whose volumes (default: the one that the model outlines)",
    "patients": "who, with commas (default: all who have it)",
    "device": "cpu (default), cuda, ...",
    "cache": "folder for prepared volumes (default: as in training)",
    "on_fault": "files that cannot be used: stop or exclude (default: as in training)",
    "midline": "x of the plane between left and right, in the files' mm, RAS: 0 on a template "
    "(default: sides are not told)",
}


def main() -> None:
    """Parse, outline, say where to look."""
    values = parse(
        sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["bundle", "input", "output"]
    )
    from fusion.run.segment import segment  # slow: --help has its answer by now

    table = segment(
        bundles=[Path(name) for name in values["bundle"].split(",")],
        cohort=Path(values["input"]),
        out=Path(values["output"]),
        modality=values.get("modality"),
        patients=[name for name in values.get("patients", "").split(",") if name],
        device=values.get("device", "cpu"),
        cache=Path(values["cache"]) if "cache" in values else None,
        on_fault=values.get("on_fault"),
        midline=plane(values["midline"]) if "midline" in values else None,
    )
    print(f"look at {table.parent}; {table} has volumes, {table.with_name('lesions.csv')} lesions")


def plane(text: str) -> Midline:
    """The sagittal plane at so many millimetres."""
    try:
        return Midline((float(text), 0.0, 0.0), (1.0, 0.0, 0.0))
    except ValueError as error:
        raise ConfigError(f"midline={text}: expected millimetres, such as -119.5") from error


if __name__ == "__main__":
    guarded(main)
