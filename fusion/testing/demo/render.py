"""One patient's images on disk, with what was planted in them."""

from pathlib import Path

import numpy as np
import pandas as pd

from fusion.testing.demo.atlas import Atlas
from fusion.testing.demo.biology import Patient
from fusion.testing.demo.centers import lab
from fusion.testing.demo.head import bend
from fusion.testing.demo.layout import cells, draw_layout
from fusion.testing.demo.mri import scan
from fusion.testing.demo.nifti import write_nifti
from fusion.testing.demo.pyramid import write_pyramid
from fusion.testing.demo.seeds import stream
from fusion.testing.demo.settings import Settings
from fusion.testing.demo.slides import draw_slide
from fusion.testing.demo.tumour import grow, outlined


def number(patient: Patient) -> int:
    """What the random numbers of a patient are drawn by."""
    return int(patient.patient_id.removeprefix("demo-"))


def render_mri(
    patient: Patient,
    sequences: tuple[str, ...],
    *,
    folder: Path,
    name: str,
    atlas: Atlas,
    settings: Settings,
) -> list[tuple[str, str]]:
    """Write the sequences of one patient under another's or the same name: (sequence, path).

    `mask` has the labels of BraTS 2023: oedema is 2, the rim 3 where it is brighter than white
    matter in T1c, and 1 is the rest. `truth/mri` has what was planted.
    """
    rng = stream(settings.seed, "mri", number(patient))
    own = lab(patient.center)
    step = settings.volume_mm
    head = bend(atlas, (step, step, step * own.thickness), rng)
    tumour = grow(patient, head, rng)
    labels = np.zeros(head.brain.shape, dtype=np.uint8)
    labels[head.brain] = tumour.labels
    turn = own.orientation
    write_nifti(folder / f"truth/mri/{name}.nii.gz", labels, head.affine, orientation=turn)
    written = []
    for sequence in sequences:
        path = f"mri/{name}/{sequence}.nii.gz"
        if sequence == "mask":
            drawn = outlined(labels, tumour.enhancement)
            write_nifti(folder / path, drawn, head.affine, orientation=turn)
        else:
            # a stream of its own: a missing sequence must not change the others
            own_rng = stream(settings.seed, "mri " + sequence, number(patient))
            shift = settings.center_shift
            image = scan(head, tumour, sequence, lab=own, shift=shift, rng=own_rng)
            write_nifti(folder / path, image, head.affine, orientation=turn)
        written.append((sequence, path))
    return written


def render_slides(
    patient: Patient, *, folder: Path, name: str, settings: Settings
) -> tuple[list[tuple[str, str, int]], list[pd.DataFrame]]:
    """Write one or, for 3 patients in 10, two slides: (block, path, days), and their squares."""
    rng = stream(settings.seed, "blocks", number(patient))
    count = 1 + int(rng.random() < 0.3)
    days = int(rng.integers(1, 15))
    own = lab(patient.center)
    written, tables = [], []
    for block in range(count):
        rng = stream(settings.seed, "slide", number(patient), block)
        layout = draw_layout(rng)
        size, shift = settings.slide_px, settings.center_shift
        image = draw_slide(patient, layout, lab=own, shift=shift, size_px=size, rng=rng)
        path = f"slides/{name}_{block + 1}.tif"
        write_pyramid(folder / path, image, mpp=own.mpp)
        table = cells(layout, size_px=settings.slide_px, mpp=own.mpp)
        table.insert(0, "path", path)
        table.insert(1, "patient_id", name)
        written.append((f"A{block + 1}", path, days))
        tables.append(table)
    return written, tables
