"""Everything that one slide tells."""

import hashlib

import numpy as np
from jaxtyping import Bool

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.prepare.tissue import tissue_of
from fusion.data.prepare.tissue_grid import MASK_MPP
from fusion.data.readers.pixels import companions
from fusion.data.readers.slide import SlideFile
from fusion.data.readers.slide_origin import slide_origin
from fusion.doctor.facts import Look, Outcome, SlideFacts
from fusion.doctor.kinds import place_of
from fusion.doctor.volume import LOOK_PX

PLACES = 9
"""Where in the tissue a tile of level 0 is decoded."""

_TILE_PX = 256


def examine_slide(entry: Entry, cohort: Cohort, *, with_hash: bool) -> Outcome:
    """Open a slide, read all of it coarsely and some of it at full resolution.

    Raises:
        ReadError: where it cannot be used.
    """
    origin = slide_origin(entry.path, entry.patient_id)
    with SlideFile.open(entry.path, entry.patient_id, entry.mpp) as slide:
        mask = tissue_of(slide, entry.tissue_mask).mask  # refuses in the words of a run
        _read_tiles(slide, mask)
        facts = SlideFacts(
            entry=entry,
            file=place_of(entry, cohort),
            mpp=slide.mpp,
            power=origin.power,
            vendor=origin.vendor,
            dimensions=slide.dimensions,
            levels=len(slide.pixels.downsamples),
            tissue_share=float(mask.mean()),
            content=_content(entry) if with_hash else "",
        )
        picture = slide.thumbnail(slide.fitting_mpp(LOOK_PX))
    return Outcome(slides=[facts], look=Look(entry=entry, picture=picture))


def _read_tiles(slide: SlideFile, mask: Bool[np.ndarray, "h w"]) -> None:
    """Decode level 0 here and there in the tissue, from its first to its last pixel."""
    rows, columns = np.nonzero(mask)
    for i in np.linspace(0, len(rows) - 1, PLACES).astype(int):
        x, y = (v * MASK_MPP / slide.mpp for v in (columns[i], rows[i]))
        slide.read(float(x), float(y), float(_TILE_PX), _TILE_PX)


def _content(entry: Entry) -> str:
    """Hash of the bytes of all files of a slide."""
    found = hashlib.sha256()
    for path in companions(entry.path):
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()
