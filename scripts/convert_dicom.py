"""From a folder of DICOM series (MR, CT, PET) to a cohort folder of NIfTI.

    python scripts/convert_dicom.py source=/archive out=data/mine
    python scripts/convert_dicom.py source=/archive out=data/mine mapping=data/mine/series.csv

The first call lists the series in OUT/series.csv. Fill in patient_id, center, modality and sequence
of those that you want, and delete the other rows: what a series is, is never guessed. The second
call writes an image per row and the rows of manifest.csv, and warns of tags that may tell who the
patients are, without their values. It can be stopped, and goes on where it was.

Exit codes: 0 done, 1 refused, or a series failed, 130 stopped.
"""

import sys
from pathlib import Path

from fusion.arguments import parse
from fusion.cli import guarded

ARGUMENTS = {
    "source": "folder of DICOM files, in any order and depth",
    "out": "cohort folder to write to",
    "mapping": "CSV that says what each series is (default: only list the series)",
}


def main() -> None:
    """Parse, list or convert, say where to look."""
    values = parse(sys.argv[1:], about=str(__doc__), allowed=ARGUMENTS, required=["source", "out"])
    from fusion.run.convert_dicom import convert_dicom, list_series

    source, out = Path(values["source"]), Path(values["out"])
    if "mapping" not in values:
        path = list_series(source, out)
        print(f"fill in {path}, delete what you do not want, and call again with mapping={path}")
        return
    done = convert_dicom(source, Path(values["mapping"]), out)
    print(f"{done.images} images; {done.unmapped} series are not in the mapping and were left out")
    print(f"look at {done.table}; rows for the manifest: {done.manifest}")
    if len(done.telling):
        tags = sorted({f"{row.tag} ({row.category})" for row in done.telling.itertuples()})
        sys.stderr.write(
            f"WARNING: headers of the source may tell who the patients are: {', '.join(tags)}.\n"
            f"Files: {out / 'deidentification.csv'}. The images hold none of it; the source does.\n"
        )


if __name__ == "__main__":
    guarded(main)
