"""Write the demo cohort: MRI, slides, omics and outcomes of patients who do not exist."""

import argparse
import sys
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fusion.errors import FusionError
from fusion.testing.demo import write_demo


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("data/demo"), help="folder of the cohort")
    add("--patients", type=int, default=168, help="how many, in five centres")
    add("--seed", type=int, default=0, help="another seed, another cohort")
    add("--missing", type=float, default=1.0, help="multiplies missingness; 0: nothing is missing")
    add("--center-shift", type=float, default=1.0, help="multiplies what differs between centres")
    add("--label-noise", type=float, default=0.0, help="fraction of the labels that are wrong")
    add("--null", action="store_true", help="inputs that know nothing of the targets")
    add("--swapped", type=float, default=0.0, help="fraction of patients with a swapped sample")
    add("--volume-mm", type=float, default=2.0, help="voxel size of the MRI")
    add("--slide-px", type=int, default=2048, help="side of a slide")
    add("--workers", type=int, default=2, help="threads")
    return parser.parse_args()


def main() -> int:
    """Write the cohort and say what it holds."""
    knobs = vars(arguments())
    out: Path = knobs.pop("out")
    start = time.monotonic()
    columns = (
        TextColumn("writing patients"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns) as bar:
            task = bar.add_task("patients", total=knobs["patients"])
            truth = write_demo(out, **knobs, on_patient=lambda _: bar.advance(task))
    except FusionError as error:
        print(f"make_demo: {error}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    kinds = truth.targets["subtype"].fillna("metastasis").value_counts()
    print(
        f"{out}: {len(truth.patients)} patients in {truth.patients['center'].nunique()} centres ("
        + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        + f"), {truth.tiles['path'].nunique()} slides, {size / 1e6:.0f} MB "
        f"in {time.monotonic() - start:.0f} s. What was planted: {out / 'truth' / 'README.md'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
