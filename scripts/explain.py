"""Which tiles of a slide, or voxels of a volume, made a model say what it says, and did they?

    python scripts/explain.py bundle=runs/glioma_fusion/.../bundle
    python scripts/explain.py bundle=... tasks=subtype patients=demo-0007 method=attention
    python scripts/explain.py bundle=... modality=mri method=occlusion

For each patient with slides: the slide under its tiles' scores, the most and least telling tiles,
a GeoJSON that QuPath opens over the slide, and a table of all tiles. For each with a volume: the
scores as NIfTI on the grid of the patient's files, and a picture of three planes. For all of them,
curves of insertion and deletion that tell whether the scores hold. Without cohort the patients are
those whom the run tested on; with it, another hospital's.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded

ARGUMENTS = {
    "bundle": "folder that a run exported",
    "cohort": "folder of another hospital's patients (default: those whom the run tested on)",
    "modality": "whose tiles or volumes (default: the only one that has tiles, or volumes)",
    "tasks": "which, with commas (default: all of the model's)",
    "answer": "a class, or risk (default: the class that the model thinks likeliest)",
    "method": "integrated_gradients (default); gradient_times_input or attention (tiles); "
    "occlusion or grad_cam (volumes)",
    "patients": "who, with commas (default: the first ones)",
    "limit": "how many, where patients are not named (default: 12)",
    "draws": "blind orders of tiles or cubes of brain that rankings are held against (default: 10)",
    "truth": "where the signal is known to be: a CSV of squares, such as a demo's truth/tiles.csv; "
    "for volumes a folder of masks, such as truth/mri",
    "out": "folder for pictures and tables (default: explain beside the bundle)",
    "cache": "folder for slide features and volumes (default: as in training)",
}


def main() -> None:
    """Parse, explain, say where to look."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["bundle"])
    from fusion.run.explain import Wanted, explain_bundle  # slow: --help has its answer by now

    bundle = Path(values["bundle"])
    page = explain_bundle(
        bundle=bundle,
        cohort=Path(values["cohort"]) if "cohort" in values else None,
        out=Path(values.get("out", bundle.resolve().parent / "explain")),
        cache=Path(values["cache"]) if "cache" in values else None,
        wanted=Wanted(
            modality=values.get("modality"),
            tasks=[name for name in values.get("tasks", "").split(",") if name],
            answer=values.get("answer"),
            method=values.get("method", "integrated_gradients"),
            patients=[name for name in values.get("patients", "").split(",") if name],
            limit=whole(values, "limit", 12),
            draws=whole(values, "draws", 10),
            truth=Path(values["truth"]) if "truth" in values else None,
        ),
    )
    print(f"look at {page}")


if __name__ == "__main__":
    guarded(main)
