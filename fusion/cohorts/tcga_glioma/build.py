"""The raw TCGA glioma tables -> a cohort folder."""

from pathlib import Path

import pandas as pd

from fusion.cohorts.publish import publish
from fusion.cohorts.tcga_glioma.agreement import agreement
from fusion.cohorts.tcga_glioma.center import centers
from fusion.cohorts.tcga_glioma.check import faults
from fusion.cohorts.tcga_glioma.clinical import clinical, histology
from fusion.cohorts.tcga_glioma.images import Row, copy_regions, write_mri
from fusion.cohorts.tcga_glioma.labels import targets
from fusion.cohorts.tcga_glioma.molecular import markers, mutations, omics_tables
from fusion.cohorts.tcga_glioma.raw import Raw, digest
from fusion.cohorts.tcga_glioma.summary import summary
from fusion.data.manifest import OPTIONAL, REQUIRED
from fusion.errors import CohortError

COLUMNS = [*REQUIRED, *OPTIONAL]
"""Of the manifest."""


def build_tcga_glioma(source: Path, out: Path) -> None:
    """Write manifest, targets, tables, images, published folds and `summary.txt` into `out`.

    Done again only where a source file or this code has changed (`source.json` keeps the
    hashes); `out` appears whole or not at all. Takes well under a minute.

    Args:
        source: the folder that holds `tcga/`; never written to.
        out: the cohort folder: new, empty, or an earlier build.

    Raises:
        ReadError: for a source file that is missing, torn or not what it should be.
        CohortError: where the tables contradict themselves; with all faults.
    """
    raw = Raw.read(source)
    if wrong := faults(raw):
        raise CohortError(source, wrong)
    made_from = {f.relative_to(source).as_posix(): digest(f) for f in raw.files}
    code = [*Path(__file__).parent.glob("*.py"), Path(__file__).parents[1] / "publish.py"]
    made_from |= {f"code/{f.name}": digest(f) for f in code}
    publish(out=out, made_from=made_from, write=lambda folder: _write(raw, folder))


def _write(raw: Raw, folder: Path) -> None:
    center = centers(raw.patients)
    tables = {
        "clinical": clinical(raw.patients, raw.omics),
        **omics_tables(raw.omics),
        "markers": markers(raw.omics),
        "mutations": mutations(raw.mutations),
    }
    rows = [*write_mri(raw, folder), *copy_regions(raw, folder, center.index)]
    for name, table in tables.items():
        rows += _write_table(table, name, folder)
    manifest = _manifest(rows, center)
    labels = targets(raw.patients)
    labels.insert(0, "histology", histology(raw.patients, raw.omics))
    labels.to_csv(folder / "targets.csv")
    manifest.to_csv(folder / "manifest.csv", index=False)
    folds = raw.folds.rename(columns={"patient": "patient_id"})[["patient_id", "fold"]]
    folds.sort_values("patient_id").to_csv(folder / "peer_folds.csv", index=False)
    (folder / "summary.txt").write_text(summary(manifest, labels, agreement(raw)))


def _write_table(table: pd.DataFrame, name: str, folder: Path) -> list[Row]:
    """One table, first column `patient_id`; the widest one as Parquet, the others readable."""
    path = f"{name}.parquet" if table.shape[1] > 1000 else f"{name}.csv"
    if path.endswith("parquet"):
        table.reset_index().to_parquet(folder / path, index=False)
    else:
        table.to_csv(folder / path)
    return [{"patient_id": p, "modality": name, "path": path, "key": p} for p in table.index]


def _manifest(rows: list[Row], center: pd.Series) -> pd.DataFrame:
    """In patient order, then by modality and file; a patient with nothing has one blank row."""
    nothing = center.index.difference([row["patient_id"] for row in rows])
    table = pd.DataFrame([*rows, *({"patient_id": p} for p in nothing)], columns=COLUMNS)
    table["center"] = table["patient_id"].map(center)
    place = dict(zip(center.index, range(len(center)), strict=True))
    order = table.assign(place=table["patient_id"].map(place))
    return table.loc[order.sort_values(["place", "modality", "path"]).index].reset_index(drop=True)
