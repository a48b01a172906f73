r"""Did fusion help? Compare the runs of a sweep with the clinical model and with each other.

    python train.py -m +experiment=glioma_fusion head=early split=kfold split.fold=0,1,2,3,4
    python train.py -m +experiment=glioma_fusion head=late,attention split=kfold \
        split.fold=0,1,2,3,4 evaluation.singles=false
    python scripts/compare.py runs='runs/glioma_fusion/DATE/*,runs/glioma_fusion/OTHER/*'

All runs must be of the same cohort, folds, seeds and targets, and have a clinical model; others are
refused with the reason. docs/compare.md says which test is used when, and why.

Writes compare.html, compare.md, compare.json, compare.csv, strata.csv and a forest plot for each
task. Exit codes: 0 done, 1 refused, 130 stopped.
"""

import shlex
import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded

ARGUMENTS = {
    "runs": "GLOB,... of folders of finished runs; quote it",
    "out": "folder for the results (default: runs/compare/NAME-OF-THE-FIRST-RUNS'-FOLDER)",
    "reference": "HEAD,... that the other heads are held against (default: late,attention)",
    "draws": "of the bootstrap, where the rule asks for one (default: 10000)",
    "seed": "of the draws (default: 0)",
}


def main() -> None:
    """Parse, compare, say the answers."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["runs"])
    from fusion.compare.write import compare_runs  # slow: --help has its answer by now

    patterns = values["runs"].split(",")
    out = Path(values.get("out", Path("runs") / "compare" / Path(patterns[0]).parent.name))
    answers = compare_runs(
        patterns,
        out,
        references=values.get("reference", "late,attention").split(","),
        draws=whole(values, "draws", 10000),
        seed=whole(values, "seed", 0, lowest=0),
        command=f"python scripts/compare.py {shlex.join(sys.argv[1:])}",
    )
    for answer in answers:
        print(f"{answer.sentence} {answer.more}\n")
    print(f"comparison  {out / 'compare.html'}")


if __name__ == "__main__":
    guarded(main)
