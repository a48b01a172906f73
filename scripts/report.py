"""Make a report from predictions alone, whoever made them.

    python scripts/report.py predictions=theirs.csv model=network baseline=clinical

The table is CSV or Parquet and has a row for each model, patient, task and class, with the columns
model, patient_id, center, cohort, part (train, val, test or external), task, class, value, target
and, for survival, event:

    network,p1,Aster,ours,external,idh,wildtype,0.2,0,
    network,p1,Aster,ours,external,idh,mutant,0.8,1,
    network,p1,Aster,ours,external,os,risk,1.3,412,1
    network,p1,Aster,ours,external,os,survival_365,0.7,412,1

value is a probability; of survival a risk (larger is worse), and the probability to be event-free
after so many days. target is 1 for the true class and 0 for others, or the days until the event
or until last seen; blank: not known.

tasks.yaml beside it declares each task; of two classes the last is the positive one. Where there is
none, a draft is shown.

    idh: {kind: classification, classes: [wildtype, mutant]}
    os: {kind: survival, horizons_days: [365]}

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import shlex
import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded
from fusion.errors import ConfigError, ReadError

ARGUMENTS = {
    "predictions": "CSV or Parquet",
    "tasks": "YAML that declares the tasks (default: tasks.yaml beside the predictions)",
    "only": "NAME,... of the declared tasks (default: all)",
    "out": "folder for the report (default: runs/report/NAME-OF-THE-PREDICTIONS'-FOLDER)",
    "model": "that the report is about (default: the only one)",
    "baseline": "model to compare with (default: none)",
    "title": "of the report (default: the model's name)",
    "question": "what was asked, for a clinician (default: how well the model predicts)",
    "notes": "text file: what a reader should know, a line each (default: none)",
    "thresholds": "P,... at which one might act, ascending (default: 0.05,0.1,0.2,0.3,0.5)",
    "draws": "bootstrap draws over patients (default: 1000)",
    "seed": "of the draws (default: 0)",
}


def main() -> None:
    """Parse, evaluate, say where the report is."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["predictions"])
    from fusion.run.report_table import report_table  # slow: --help has its answer by now

    predictions = Path(values["predictions"])
    folder = predictions.resolve().parent.name
    report = report_table(
        predictions=predictions,
        tasks=Path(values.get("tasks", predictions.parent / "tasks.yaml")),
        only=values["only"].split(",") if "only" in values else None,
        out=Path(values.get("out", Path("runs") / "report" / folder)),
        model=values.get("model"),
        baseline=values.get("baseline"),
        title=values.get("title"),
        question=values.get("question"),
        notes=read_notes(Path(values["notes"])) if "notes" in values else [],
        command=f"python scripts/report.py {shlex.join(sys.argv[1:])}",
        thresholds=numbers(values["thresholds"]) if "thresholds" in values else None,
        draws=whole(values, "draws", 1000),
        seed=whole(values, "seed", 0, lowest=0),
    )
    print(f"report  {report}")


def numbers(text: str) -> list[float]:
    """Numbers with commas between."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"thresholds={text}: expected numbers with commas between") from None


def read_notes(path: Path) -> list[str]:
    """The lines that are not blank."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(path, f"cannot be read: {error}") from error
    return [line.strip() for line in lines if line.strip()]


if __name__ == "__main__":
    guarded(main)
