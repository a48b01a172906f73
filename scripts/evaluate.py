"""Predict another cohort with an exported bundle, and evaluate where labels are known.

    python scripts/evaluate.py bundle=runs/glioma_fusion/.../bundle cohort=data/other_hospital

Labels may be missing, in part or altogether. A cohort that shares a patient with training is
refused. Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded
from fusion.errors import ConfigError

ARGUMENTS = {
    "bundle": "folder that a run exported",
    "cohort": "folder with manifest.csv and, where labels are known, targets.csv",
    "out": "folder for predictions and report (default: runs/evaluation/NAME-OF-THE-COHORT)",
    "name": "of the cohort in the report (default: its folder's name)",
    "cache": "folder for prepared volumes and slide features (default: as in training)",
    "patch_encoders": "MODALITY:FOLDER,... where transformers models lie on this machine",
    "on_fault": "files that cannot be used: stop, or exclude (default: as in training)",
    "draws": "bootstrap draws over patients (default: 1000)",
}


def main() -> None:
    """Parse, evaluate, say where the report is."""
    values = parse(
        sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["bundle", "cohort"]
    )
    from fusion.run.evaluate import evaluate  # slow: --help has its answer by now

    cohort = Path(values["cohort"])
    pairs = [pair.partition(":") for pair in values.get("patch_encoders", "").split(",") if pair]
    if any(not folder for _, _, folder in pairs):
        raise ConfigError("patch_encoders: write MODALITY:FOLDER, several with commas between")
    report = evaluate(
        bundle=Path(values["bundle"]),
        cohort=cohort,
        out=Path(values.get("out", Path("runs") / "evaluation" / cohort.resolve().name)),
        name=values.get("name"),
        cache=Path(values["cache"]) if "cache" in values else None,
        patch_encoders={modality: folder for modality, _, folder in pairs},
        on_fault=values.get("on_fault"),
        draws=whole(values, "draws", 1000),
    )
    print(f"report  {report}")


if __name__ == "__main__":
    guarded(main)
