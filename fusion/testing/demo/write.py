"""Write a whole demo cohort."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from fusion.errors import ConfigError
from fusion.testing.demo.atlas import load_atlas
from fusion.testing.demo.layout import TILES
from fusion.testing.demo.manifest import TABLES, patient_rows
from fusion.testing.demo.missing import SEQUENCES, with_gaps
from fusion.testing.demo.outcome import noisy, true_targets
from fusion.testing.demo.plan import Plan, draw_plan
from fusion.testing.demo.render import render_mri, render_slides
from fusion.testing.demo.settings import Settings
from fusion.testing.demo.slides import fibres
from fusion.testing.demo.tables import clinical, mutations, rna
from fusion.testing.demo.truth import DemoTruth, gather_truth, save_settings

PARTS = ("manifest.csv", "targets.csv", "clinical.csv", "mri", "slides", "omics", "truth")
"""What a demo cohort's folder holds, the manifest first."""


def write_demo(
    folder: Path,
    *,
    patients: int = 168,
    seed: int = 0,
    missing: float = 1.0,
    center_shift: float = 1.0,
    label_noise: float = 0.0,
    null: bool = False,
    swapped: float = 0.0,
    volume_mm: float = 2.0,
    slide_px: int = 2048,
    workers: int = 2,
    on_patient: Callable[[str], None] | None = None,
) -> DemoTruth:
    """Write a cohort with a known biology: manifest, targets, images, tables and the truth.

    The same knobs give the same bytes, whatever the number of `workers`. The manifest is written
    last, so that half a cohort is never taken for a whole one.

    Args:
        folder: New, empty, or an earlier demo cohort, which is replaced.
        patients: 5 to 9999, dealt to five centres in turn.
        seed: 0 or above.
        missing: Multiplies every probability of a gap; 0 gives everybody everything.
        center_shift: Multiplies what differs between the centres; 0 makes them alike.
        label_noise: Fraction of the known labels that are wrong, 0 to 1.
        null: Draw the inputs from another biology than the targets: nothing can be learned.
        swapped: Fraction of the patients who hold another's MRI, slides or RNA, 0 to 1.
        volume_mm: Voxel size in the plane of the MRI, 1 to 5 mm.
        slide_px: Side of a slide at level 0, 512 to 8192 px of 0.8 or 1 micron.
        workers: Threads.
        on_patient: Called with the id of each patient whose files are written, for a progress bar.

    Raises:
        ConfigError: for a knob outside its range, or a folder that holds something else.
    """
    settings = Settings(
        patients=patients,
        seed=seed,
        missing=missing,
        center_shift=center_shift,
        label_noise=label_noise,
        null=null,
        swapped=swapped,
        volume_mm=volume_mm,
        slide_px=slide_px,
    )
    clear(folder)
    save_settings(folder, settings)
    plan = draw_plan(settings)
    write_tables(folder, plan)
    rows, squares = write_images(folder, plan, workers=workers, on_patient=on_patient)
    targets = true_targets(plan.patients, seed=seed)
    truth = gather_truth(folder, plan, targets, squares)
    truth.write()
    known = noisy(targets, fraction=label_noise, seed=seed)
    known = with_gaps(known, scale=missing, seed=seed)
    known.to_csv(folder / "targets.csv", lineterminator="\n")
    rows.to_csv(folder / "manifest.csv", index=False, lineterminator="\n")
    return truth


def write_tables(folder: Path, plan: Plan) -> None:
    """Write RNA, mutations and the clinical sheet, with rows for those who have them only."""
    seed, missing = plan.settings.seed, plan.settings.missing
    shift = plan.settings.center_shift
    tables = {
        "rna": rna(plan.shown, shift=shift, gaps=0.01 * missing, seed=seed),
        "mutations": mutations(plan.shown, gaps=0.03 * missing, seed=seed),
        "clinical": clinical(plan.shown, gaps=0.05 * missing, seed=seed),
    }
    (folder / "omics").mkdir()
    for name, table in tables.items():
        holders = plan.holders(name)
        held = table.iloc[[plan.owner(name, i) for i in holders]]
        held = held.set_axis(table.index[holders])
        held.to_csv(folder / TABLES[name], lineterminator="\n")


def write_images(
    folder: Path, plan: Plan, *, workers: int, on_patient: Callable[[str], None] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write every patient's MRI and slides: the manifest's rows and the squares of the slides."""
    settings = plan.settings
    atlas = load_atlas()
    fibres(settings.slide_px)  # made once, before the threads ask for it

    def write_one(i: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        who = plan.patients[i]
        mri: list[tuple[str, str]] = []
        slides: list[tuple[str, str, int]] = []
        squares: list[pd.DataFrame] = []
        if plan.present.loc[i, "mri"]:
            owner = plan.owner("mri", i)
            mri = render_mri(
                plan.shown[owner],
                tuple(s for s in SEQUENCES if plan.present.loc[owner, s]),
                folder=folder,
                name=who.patient_id,
                atlas=atlas,
                settings=settings,
            )
        if plan.present.loc[i, "wsi"]:
            shown = plan.shown[plan.owner("wsi", i)]
            slides, squares = render_slides(
                shown, folder=folder, name=who.patient_id, settings=settings
            )
        tables = [name for name in sorted(TABLES) if plan.present.loc[i, name]]
        rows = patient_rows(who.patient_id, who.center, mri=mri, slides=slides, tables=tables)
        if on_patient is not None:
            on_patient(who.patient_id)
        return rows, squares

    # one patient keeps one core busy: threads inside the matrix products would only wait
    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(write_one, i) for i in range(settings.patients)]
        try:
            done = [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    rows = pd.concat([found for found, _ in done], ignore_index=True)
    squares = [table for _, tables in done for table in tables]
    if not squares:  # nobody has a slide
        return rows, pd.DataFrame(columns=list(TILES))
    return rows, pd.concat(squares, ignore_index=True)[list(TILES)]


def clear(folder: Path) -> None:
    """Make an empty folder, taking away an earlier demo cohort but nothing else."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "truth" / "settings.json").is_file():
            raise ConfigError(
                f"{folder} holds files that are no demo cohort; give a new or an empty folder"
            )
        for name in PARTS:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
