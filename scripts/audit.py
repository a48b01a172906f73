"""Does anything leak, and do the centres differ? Asked of a run, without training it.

    python scripts/audit.py +experiment=glioma_fusion [name=value ...]   before training
    python scripts/audit.py run=runs/glioma_fusion/...                   a finished run's records
    python scripts/audit.py bundle=runs/.../bundle cohort=data/other     a cohort to predict

The first takes what `python train.py` takes, reads the cohort, divides the patients and fits the
preprocessing as a run would. What is known and shall not stop a run is accepted with a reason:
'+audit.accept={name of a check/subject: "reason"}'.

Prints questions, answers and findings; writes audit.json, audit.csv and audit/*.csv.
Exit codes: 0 clean (perhaps with warnings), 1 errors, 2 it could not be done.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from fusion.arguments import explain, parse
from fusion.errors import ConfigError, FusionError

if TYPE_CHECKING:
    from fusion.audit.check import Audit

RUN = {
    "run": "folder of a finished run",
    "out": "folder for the results (default: runs/audit/NAME)",
}
BUNDLE = {
    "bundle": "folder that a run exported",
    "cohort": "folder with manifest.csv",
    "out": "folder for the results (default: runs/audit/NAME)",
    "cache": "folder for prepared volumes and slide features (default: as in training)",
    "patch_encoders": "MODALITY:FOLDER,... where transformers models lie on this machine",
    "on_fault": "files that cannot be used: stop, or exclude (default: as in training)",
}


def main(argv: list[str]) -> int:
    """Audit, show, write."""
    if not argv or {"-h", "--help"} & set(argv):
        sys.stdout.write(explain(str(__doc__), {**RUN, **BUNDLE}, []))
        return 0
    try:
        audit, out = choose(argv)
        from fusion.run.audit_files import write_audit
        from fusion.run.audit_show import show

        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = 160  # a file or a pipe has no edge to wrap at
        show(audit, console)
        console.print(f"all numbers: {write_audit(out, audit).parent}", markup=False)
    except FusionError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("audit: stopped; nothing was written", file=sys.stderr)
        return 130
    return 1 if audit.errors else 0


def choose(argv: list[str]) -> "tuple[Audit, Path]":
    """The audit that the arguments ask for, and where its files go."""
    names = {argument.partition("=")[0] for argument in argv}
    if "run" in names:
        values = parse(argv, about="", allowed=RUN, required=["run"])
        from fusion.run.audit_records import examine_run

        return examine_run(Path(values["run"])), place(values, Path(values["run"]).resolve().name)
    if "bundle" in names:
        values = parse(argv, about="", allowed=BUNDLE, required=["bundle", "cohort"])
        return of_bundle(values), place(values, Path(values["cohort"]).resolve().name)
    from fusion.config.compose import compose

    config = compose(argv)
    from fusion.run.audit_plan import examine_plan  # slow: a misspelt name has its answer by now

    chosen = any(argument.startswith("out=") for argument in argv)
    return examine_plan(config), place({"out": config.out} if chosen else {}, config.name)


def place(values: dict[str, str], name: str) -> Path:
    """Where the files go."""
    return Path(values.get("out", Path("runs") / "audit" / name))


def of_bundle(values: dict[str, str]) -> "Audit":
    """A cohort, before a bundle predicts it."""
    from fusion.run.audit_bundle import examine_cohort
    from fusion.run.bundle import load_bundle, open_folder

    pairs = [pair.partition(":") for pair in values.get("patch_encoders", "").split(",") if pair]
    if any(not folder for _, _, folder in pairs):
        raise ConfigError("patch_encoders: write MODALITY:FOLDER, several with commas between")
    model = load_bundle(
        values["bundle"],
        cache=values.get("cache"),
        patch_encoders={modality: folder for modality, _, folder in pairs},
        on_fault=values.get("on_fault"),
    )
    return examine_cohort(model, *model.take(open_folder(values["cohort"], None)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
