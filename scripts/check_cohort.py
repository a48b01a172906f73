"""Open every file of a cohort before hours of training, and say what is there and what is wrong.

    python scripts/check_cohort.py cohort=data/demo

Prints tables, and writes them as CSV and JSON beside one picture, check.png, to look at.
Exit codes: 0 fine (perhaps with warnings), 1 faults, 2 it could not be checked.
"""

import sys
from pathlib import Path

from rich.console import Console

from fusion.arguments import parse, whole
from fusion.doctor.checkup import check_cohort
from fusion.doctor.progress import file_bar
from fusion.doctor.show import show
from fusion.doctor.write import write_checkup
from fusion.errors import FusionError

ARGUMENTS = {
    "cohort": "folder with manifest.csv and targets.csv",
    "data_root": "folder that the manifest's paths start from (default: the cohort's)",
    "out": "folder for the results (default: runs/check/NAME-OF-THE-COHORT)",
    "workers": "files open at a time (default: 2)",
}


def main(argv: list[str]) -> int:
    """Check, show, write."""
    try:
        values = parse(argv, about=str(__doc__), allowed=ARGUMENTS, required=["cohort"])
        folder = Path(values["cohort"])
        data_root = Path(values["data_root"]) if "data_root" in values else None
        out = Path(values.get("out", Path("runs") / "check" / folder.resolve().name))
        checkup = check_cohort(
            folder, data_root=data_root, workers=whole(values, "workers", 2), progress=file_bar
        )
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = 160  # a file or a pipe has no edge to wrap at
        show(checkup, console)
        write_checkup(checkup, out)
    except FusionError as error:
        print(f"check_cohort: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("check_cohort: stopped; nothing was written", file=sys.stderr)
        return 130
    console.print(f"Look at {out / 'check.png'}; all tables are beside it", markup=False)
    return 1 if checkup.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
