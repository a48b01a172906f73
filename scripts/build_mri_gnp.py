"""Make predictions, as a report wants them, from the table that MRI-GNP publishes.

    python scripts/build_mri_gnp.py source=MRI-GNP_TEST_SET_METADATA.csv out=data/mri_gnp
    python scripts/report.py predictions=data/mri_gnp/predictions.parquet

Only rows of external centres are used: data_manifests/mri_gnp/README.md says why, and what else
to mind. Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse
from fusion.cli import guarded

ARGUMENTS = {
    "source": "the CSV; never written to",
    "out": "folder for predictions.parquet, tasks.yaml and notes.txt",
    "tasks": "NAME,... of idh, codel_1p19q, mgmt and seven others (default: all)",
}


def main() -> None:
    """Parse, convert, say what was converted and what was not."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["source", "out"])
    from fusion.cohorts.mri_gnp import LEFT_OUT, NOTES, convert_mri_gnp, tasks_yaml
    from fusion.report.predictions import save  # slow: --help has its answer by now

    names = values["tasks"].split(",") if "tasks" in values else None
    predictions = convert_mri_gnp(Path(values["source"]), tasks=names)
    out = Path(values["out"])
    save(predictions, out / "predictions.parquet")
    (out / "tasks.yaml").write_text(tasks_yaml(predictions), encoding="utf-8")
    (out / "notes.txt").write_text("\n".join(NOTES) + "\n", encoding="utf-8")
    positive = predictions[predictions.groupby("task").cumcount() % 2 == 1]
    for name, rows in positive.groupby("task", sort=False):
        centers, events = rows["center"].nunique(), int(rows["target"].sum())
        print(
            f"{name:15} {len(rows):5} rows, {events:4} {rows['class'].iloc[0]}, {centers} centres"
        )
    for name, why in LEFT_OUT.items():
        print(f"left out: {name}: {why}")
    print(f"predictions  {out / 'predictions.parquet'}")


if __name__ == "__main__":
    guarded(main)
