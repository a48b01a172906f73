"""Write a mask as DICOM SEG, for a PACS and its viewers.

    python scripts/export_seg.py mask=P1.nii.gz label_scheme=brats_2023 series=P1/T1c out=P1.dcm

One segment per region, with codes, tracking ids and references to the slices. The segments are
marked as drawn by an algorithm: a mask that a person drew does not belong here. The mask has to lie
on the grid of the series; nothing is resampled.

Exit codes: 0 done, 1 refused, 130 stopped.
"""

import sys
from importlib.metadata import version
from pathlib import Path

from fusion.arguments import parse
from fusion.cli import guarded

ARGUMENTS = {
    "mask": "NIfTI file of labels",
    "label_scheme": "what they mean, such as brats_2023; never guessed",
    "series": "folder of the DICOM series that the mask outlines",
    "out": "the new file",
    "regions": "which, with commas, such as WT,ET (default: all that the scheme tells)",
    "algorithm": "what drew the mask (default: fusion-onco)",
    "version": "which version of it (default: of this package)",
    "finding": "what is followed over time (default: tumour)",
    "patient": "under whose name it is followed (default: the series' PatientID)",
}


def main() -> None:
    """Parse, export, say what was written."""
    values = parse(
        sys.argv[1:],
        about=str(__doc__),
        allowed=ARGUMENTS,
        required=["mask", "label_scheme", "series", "out"],
    )
    from fusion.report.dicom_seg import Algorithm  # slow: --help has its answer by now
    from fusion.report.dicom_seg_export import export_mask

    algorithm = Algorithm(
        values.get("algorithm", "fusion-onco"), values.get("version", version("fusion-onco"))
    )
    voxels = export_mask(
        Path(values["mask"]),
        values["label_scheme"],
        Path(values["series"]),
        Path(values["out"]),
        regions=[name for name in values.get("regions", "").split(",") if name],
        algorithm=algorithm,
        finding=values.get("finding", "tumour"),
        patient=values.get("patient"),
    )
    for region, count in voxels.items():
        print(f"{region:5} {count:>10,} voxels")
    print(f"{values['out']}: marked as drawn by {algorithm.name} {algorithm.version}")


if __name__ == "__main__":
    guarded(main)
