"""Tiles of the training patients' slides in one array on disk, for a network to learn from."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from rich.console import Console
from rich.progress import track

from fusion.data.entry import Entry
from fusion.data.prepare.slide_work import slide_fault
from fusion.data.prepare.tile_batches import tile_batches
from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue import tissue_of
from fusion.data.readers.slide import SlideFile
from fusion.errors import CohortError, Fault, ReadError

TILES, NOTES = "tiles.npy", "tiles.json"


def gather_tiles(
    entries: Sequence[Entry], tiling: Tiling, folder: Path
) -> tuple[UInt8[np.ndarray, "n h w 3"], list[Fault]]:
    """Cut tiles of every slide, `tiling.max_tiles` at most; those of an earlier call are kept.

    Args:
        entries: which slides.
        tiling: which tiles; its `max_tiles` bounds the array.
        folder: gets `tiles.npy`, and `tiles.json` once that is whole.

    Returns:
        The tiles, mapped from the disk, and a fault for each slide that cannot be used.

    Raises:
        CohortError: where no slide can be used.
    """
    asked = {"tiling": dict(tiling.spec()), "slides": [[str(e.path), e.line] for e in entries]}
    notes, path = folder / NOTES, folder / TILES
    if notes.exists():
        known = json.loads(notes.read_text())
        if known["asked"] == asked:
            kept = np.load(path, mmap_mode="r")[: known["tiles"]]
            return kept, [Fault(**fault) for fault in known["faults"]]
    assert tiling.max_tiles is not None
    folder.mkdir(parents=True, exist_ok=True)
    shape = (len(entries) * tiling.max_tiles, tiling.tile_px, tiling.tile_px, 3)
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    done, faults = 0, []
    for entry in track(entries, "cutting tiles", console=Console(stderr=True)):
        try:
            with SlideFile.open(entry.path, entry.patient_id, entry.mpp) as slide:
                tissue = tissue_of(slide, entry.tissue_mask, tiling.reject)
                tiles = tiling.place(slide, tissue.mask)
                for batch in tile_batches(
                    slide, tiles.corner_px, tiles.side_px, tiling.tile_px, threads=2
                ):
                    array[done : done + len(batch)] = batch
                    done += len(batch)
        except ReadError as error:
            faults.append(slide_fault(error, entry))
    if not done:
        raise CohortError("slides", faults)
    array.flush()
    told = {"asked": asked, "tiles": done, "faults": [vars(fault) for fault in faults]}
    notes.write_text(json.dumps(told))
    return array[:done], faults
