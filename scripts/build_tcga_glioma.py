"""Build the TCGA glioma cohort folder from the raw public tables."""

import argparse
import sys
from pathlib import Path

from fusion.cohorts.tcga_glioma import build_tcga_glioma
from fusion.errors import FusionError


def main() -> int:
    """Build, then print what was built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder that holds tcga/")
    parser.add_argument("--out", type=Path, required=True, help="cohort folder to write")
    args = parser.parse_args()
    try:
        build_tcga_glioma(args.source, args.out)
    except FusionError as error:
        print(error, file=sys.stderr)
        return 1
    print((args.out / "summary.txt").read_text(), end="")
    print(f"\nThe cohort is in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
