"""The steps of a run, one after the other."""

import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch
import yaml
from rich.console import Console

from fusion.config.parts.penalties import check_penalties
from fusion.config.parts.tasks import task_infos
from fusion.config.run import RunConfig
from fusion.lit.rank import rank
from fusion.lit.seed import seed_everything
from fusion.report.censoring import censoring
from fusion.report.harmonised import NOT_HARMONISED
from fusion.report.predictions import save
from fusion.report.region_section import save_regions
from fusion.report.tasks import TaskInfo
from fusion.run.added import write_added
from fusion.run.alone import alone_head, comparable
from fusion.run.audited import audit_after, audit_before
from fusion.run.center_told import center_told
from fusion.run.characteristics import check_subgroups
from fusion.run.clinical import clinical_predictions
from fusion.run.ensemble import learn_fusion
from fusion.run.export import export
from fusion.run.first_weights import told as told_weights
from fusion.run.folder import choose_folder, resume_command
from fusion.run.learn import check, device, learn
from fusion.run.loading import load
from fusion.run.material import Material
from fusion.run.mixing import mixing
from fusion.run.offset import check_offset
from fusion.run.outlines import outline_places
from fusion.run.predict import predict
from fusion.run.prepare import prepare
from fusion.run.publish import publish
from fusion.run.regions import tell_regions
from fusion.run.risk_sets import risk_sets
from fusion.run.robustness import FILE as ROBUSTNESS
from fusion.run.robustness import robustness
from fusion.run.thresholds import choose_thresholds
from fusion.run.trained import Trained
from fusion.run.unharmonised import learn_unharmonised


def run(config: RunConfig, folder: Path, overrides: Sequence[str]) -> None:
    """From files to an evaluated, exported model; every step that is done is not done again.

    Args:
        config: all that decides the run.
        folder: that Hydra made for it.
        overrides: of the command line; they tell how to go on, and how to repeat the run.
    """
    check_offset(config)
    folder = choose_folder(config, folder, overrides)
    command = resume_command(folder, overrides)
    say = partial(Console(quiet=rank() != 0).print, soft_wrap=True)
    if config.trainer.threads is not None:
        torch.set_num_threads(config.trainer.threads)
    seed_everything(config.seed)
    if rank() == 0:
        (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))

    say(f"[bold]1/5 reading[/] {config.cohort.root} for {config.name}")
    material = prepare(config, folder)
    check_subgroups(config, material.places)
    for line in census(material):
        say(f"    {line}")
    seen = audit_before(config, material, folder, say)

    say("[bold]2/5 fitting[/] the plain clinical model")
    clinical = clinical_predictions(config, material)
    modalities = tuple(sorted(config.modalities))
    check_penalties(config.penalties, modalities, config.head)
    check(config, material, modalities)
    alone, remarks = comparable(config, material)
    remarks += mixing(config, material)
    remarks += risk_sets(config, material.inputs.dataset(material.place("train"), modalities))
    for line in remarks:
        say(f"    {line}")
    say(f"[bold]3/5 training[/] {config.head.name} fusion of {', '.join(modalities)}")
    fusion = learn_fusion(
        config,
        material,
        folder=folder / "models" / "fusion",
        prefix="",
        resume_command=command,
        say=say,
    )
    others = {}
    for name in alone:
        say(f"[bold]4/5 training[/] {name} alone")
        others[f"{name} alone"] = learn(
            config,
            material,
            modalities=(name,),
            head=alone_head(config, name),
            folder=folder / "models" / f"{name}_alone",
            resume_command=command,
        )
    before = learn_unharmonised(config, material, folder=folder, resume_command=command, say=say)
    if rank() != 0 or seen is None:
        return  # the other processes of a DDP run were needed for training only

    remarks += told_weights(config, folder)
    say("[bold]5/5 evaluating[/], and exporting the bundle")
    tasks = [info for name, task in config.tasks.items() for info in task_infos(name, task)]
    rows, shares = predictions(config, material, {"fusion": fusion, **others}, tasks)
    told = None
    if before is not None:
        models = {NOT_HARMONISED: before.trained}
        rows = pd.concat([rows, predictions(before.config, before.material, models, tasks)[0]])
        told, untold = center_told(config, material, fusion, before)
        remarks += untold
    table = pd.concat([rows, clinical], ignore_index=True)
    save(table, folder / "predictions.parquet")
    left = robustness(
        fusion,
        material.places,
        material.inputs,
        tasks=tasks,
        loader=config.loader,
        device=device(config),
    )
    if left is not None:
        save(left, folder / ROBUSTNESS)
    write_added(folder, config, material, fusion, tasks)
    outlines = outline_places(
        config, fusion, material.inputs, material.places, device=device(config)
    )
    if outlines is not None:
        outlines.save(folder)
    regions = tell_regions(fusion, material.inputs, material.places, device(config))
    if regions is not None:
        save_regions(regions, folder)
    thresholds = choose_thresholds(
        table, tasks, sensitivity=config.evaluation.sensitivity, fitted=material.fitted
    )
    found = audit_after(seen.audit, config, material, folder, table)
    curves = censoring(table, tasks)
    export(config, material, fusion, folder / "bundle", seen.looks, thresholds, curves)
    again = shlex.join(["python", "train.py", *overrides])
    report = publish(
        config, material, folder, tasks, table, shares, again, remarks, told, found, outlines
    )
    say(f"\nreport       {report}\nbundle       {folder / 'bundle'}")
    script = Path(sys.argv[0]).with_name("scripts") / "evaluate.py"
    program = str(script) if script.exists() else "-m fusion.scripts.evaluate"
    say(f"another cohort:  python {program} bundle={folder / 'bundle'} cohort=FOLDER_OF_A_MANIFEST")


def census(material: Material) -> list[str]:
    """Who takes part, and who does not, in a few lines."""
    lines = [
        f"{place.part:9s}{len(place.patients):5d} patients of {place.cohort.name}"
        for place in material.places
    ]
    if material.left_out:
        names = ", ".join(patient for patient, _ in material.left_out[:5])
        more = " ..." if len(material.left_out) > 5 else ""
        reasons = sorted({reason for _, reason in material.left_out})
        lines.append(
            f"left out {len(material.left_out):5d} patients ({'; '.join(reasons)}): {names}{more}"
        )
    return [*lines, *material.inputs.sentences()]


def predictions(
    config: RunConfig,
    material: Material,
    models: dict[str, Trained],
    tasks: list[TaskInfo],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All models, all places; and the attention shares of the fusion."""
    frames, shares = [], []
    for name, trained in models.items():
        for place in material.places:
            dataset = material.inputs.dataset(place, trained.modalities)
            if not len(dataset):
                continue
            rows, share = predict(
                trained,
                load(dataset, config.loader, seed=None),
                place=place,
                model=name,
                tasks=tasks,
                labels=material.inputs.labels[place.cohort.name],
                device=device(config),
            )
            frames.append(rows)
            if name == "fusion" and place.part in ("test", "external"):
                shares.append(share)
    return pd.concat(frames, ignore_index=True), pd.concat(shares) if shares else pd.DataFrame()
