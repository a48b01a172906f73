"""What is left of a model's predictions without some of its modalities?

    python scripts/robustness.py bundle=runs/glioma_fusion/.../bundle

Predicts the same patients with every subset of their modalities (2^M - 1 of up to ten), the others
hidden: table, heat map, and predictions. The model is not trained again. Without cohort the
patients are those whom the run tested on; with it, another hospital's.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded

ARGUMENTS = {
    "bundle": "folder that a run exported",
    "cohort": "folder of another hospital's patients (default: those whom the run tested on)",
    "out": "folder for table and figures (default: robustness beside the bundle)",
    "cache": "folder for prepared volumes and slide features (default: as in training)",
    "draws": "bootstrap draws over patients (default: 1000)",
}


def main() -> None:
    """Parse, hide, say where the table is."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["bundle"])
    from fusion.run.robustness_bundle import robustness_of_bundle  # slow: --help has its answer

    bundle = Path(values["bundle"])
    table = robustness_of_bundle(
        bundle=bundle,
        cohort=Path(values["cohort"]) if "cohort" in values else None,
        out=Path(values.get("out", bundle.resolve().parent / "robustness")),
        cache=Path(values["cache"]) if "cache" in values else None,
        draws=whole(values, "draws", 1000),
    )
    print(f"table  {table}")


if __name__ == "__main__":
    guarded(main)
