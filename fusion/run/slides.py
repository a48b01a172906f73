"""From the slides of a manifest to their features, without a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from fusion.data.cohort import Cohort, Files
from fusion.data.entry import Entry
from fusion.data.shard import Shard
from fusion.data.sources.bag import BagSource
from fusion.doctor.tile_sheet import COLUMNS, ROWS, tile_sheet
from fusion.doctor.tissue_picture import slide_look
from fusion.errors import ConfigError
from fusion.report.publish import publish, to_csv
from fusion.run.slides_on_dask import embed_on_dask
from fusion.types import PatientId

_NOTED = ("tiles", "with_tissue", "on_grid", "mpp", "width_px", "height_px")


def prepare_slides(
    cohort: Cohort,
    sources: Mapping[str, BagSource],
    shard: Shard,
    out: Path,
    *,
    dask: str | None = None,
) -> pd.DataFrame:
    """Embed what the cache lacks, then write a table and contact sheets of all slides.

    What was finished is kept whenever it is stopped; a slide that fails has a row with the reason,
    and the others go on.

    Args:
        cohort: whose slides.
        sources: modality -> how its slides are read; none with a stain, which only the training
            patients of a run can tell.
        shard: which of the slides are this machine's, of all in the order of the manifest.
        out: folder of `slides.csv` and `contact_sheet_1.png`, ...
        dask: address of a cluster's scheduler, whose workers do the work; None does it here.

    Returns:
        A row for each slide: patient_id, center, modality, line, file, tiles, with_tissue,
        on_grid, mpp, width_px, height_px, and the reason where there are no features.

    Raises:
        ConfigError: for a stain, or a modality without slides.
        CacheError: where the cache cannot be written.
    """
    rows, done = [], []
    for modality, source in sources.items():
        files = cohort.files(modality)
        if not files:
            raise ConfigError(
                f"no patient of {cohort.root} has {modality}; the manifest has "
                f"{', '.join(cohort.modalities)}"
            )
        mine = shard.of_all([entry for entries in files.values() for entry in entries])
        faults = [] if dask is None else embed_on_dask(source.store, mine, dask)
        told = {fault.line for fault in faults}
        faults += source.prepare(_by_patient([e for e in mine if e.line not in told]))
        reasons = {fault.line: fault.message for fault in faults}
        for entry in mine:
            rows.append(_row(source, entry, reasons.get(entry.line)))
            if entry.line not in reasons:
                done.append((source, entry))
    table = pd.DataFrame(rows)
    out.mkdir(parents=True, exist_ok=True)
    publish(out / f"slides{shard.suffix}.csv", to_csv(table))
    _sheets(done, out, shard)
    return table


def _by_patient(entries: Sequence[Entry]) -> Files:
    found: dict[PatientId, list[Entry]] = {}
    for entry in entries:
        found.setdefault(PatientId(entry.patient_id), []).append(entry)
    return {patient: tuple(rows) for patient, rows in found.items()}


def _row(source: BagSource, entry: Entry, reason: str | None) -> dict[str, object]:
    noted = source.store.meta(entry) if reason is None else {}
    return {
        "patient_id": entry.patient_id,
        "center": entry.center,
        "modality": entry.modality,
        "line": entry.line,
        "file": entry.path.name,
        **{name: noted.get(name) for name in _NOTED},
        "reason": reason or "",
    }


def _sheets(done: Sequence[tuple[BagSource, Entry]], out: Path, shard: Shard) -> None:
    page = COLUMNS * ROWS
    for start in range(0, len(done), page):
        pictures = []
        for source, entry in done[start : start + page]:
            arrays, noted = source.store.arrays(entry), source.store.meta(entry)
            pictures.append(slide_look(entry, arrays["corner_um"], noted["tile_um"]))
        name = f"contact_sheet{shard.suffix}_{start // page + 1}.png"
        publish(out / name, tile_sheet(pictures))
