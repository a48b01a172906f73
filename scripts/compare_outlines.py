r"""How well did runs outline the tumour, and did other runs do it better?

    python scripts/compare_outlines.py runs='runs/btsc/DATE/*' out=runs/outlines
    python scripts/compare_outlines.py runs='runs/btsc/A/*' beside='runs/btsc/B/*' out=runs/outlines

Dice of each patient, the mean over the runs (seeds, folds) that judged them; intervals of 95 % by
drawing patients; differences on the same patients, not corrected for their number. Prints a table
in Markdown and writes outlines.md and outlines.csv.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse, whole
from fusion.cli import guarded

ARGUMENTS = {
    "runs": "GLOB,... of folders of finished runs; quote it",
    "beside": "GLOB,... of runs that outlined the same patients; what is told is runs minus these",
    "out": "folder for the table (default: runs/outlines)",
    "draws": "of patients (default: 10000)",
    "seed": "of the draws (default: 0)",
}


def main() -> None:
    """Parse, compare, print the table."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["runs"])
    from fusion.compare.outlines import compare_outlines, read_outlines
    from fusion.compare.outlines_table import as_markdown
    from fusion.compare.runs import find
    from fusion.report.publish import publish, to_csv

    mine = read_outlines(find(values["runs"].split(",")))
    others = read_outlines(find(values["beside"].split(","))) if "beside" in values else None
    draws, seed = whole(values, "draws", 10000), whole(values, "seed", 0, lowest=0)
    table = compare_outlines(mine, others, draws=draws, seed=seed)
    out = Path(values.get("out", "runs/outlines"))
    out.mkdir(parents=True, exist_ok=True)
    text = as_markdown(table)
    publish(out / "outlines.md", f"{text}\n".encode())
    publish(out / "outlines.csv", to_csv(table))
    print(text)


if __name__ == "__main__":
    guarded(main)
