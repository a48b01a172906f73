"""Predictions and material -> metrics, figures, report, model card, sealed bundle."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from fusion.audit.check import Audit
from fusion.config.heads.votes import EnsembleConfig
from fusion.config.run import RunConfig
from fusion.report.card import model_card
from fusion.report.metrics_file import load_metrics
from fusion.report.outlines import Outlines
from fusion.report.population import population
from fusion.report.region_section import read_regions
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo
from fusion.report.write import write_report
from fusion.run.added import read_added
from fusion.run.bundle_files import seal, sha256
from fusion.run.characteristics import characteristics, known_subgroups
from fusion.run.export import versions
from fusion.run.material import Material
from fusion.run.methods import kinds, methods, stands_in
from fusion.run.robustness import read as read_robustness
from fusion.run.wishes import wishes


def publish(
    config: RunConfig,
    material: Material,
    folder: Path,
    tasks: Sequence[TaskInfo],
    predictions: pd.DataFrame,
    shares: pd.DataFrame,
    command: str,
    remarks: Sequence[str],
    told: pd.DataFrame | None,
    audit: Audit,
    outlines: Outlines | None,
) -> Path:
    """Write all that is read after a run, and return the report."""
    summary = summarise(
        config, material, folder, tasks, shares, command, remarks, told, audit, outlines
    )
    report = write_report(
        folder,
        predictions,
        summary,
        draws=config.evaluation.draws,
        seed=config.seed,
        wishes=wishes(config.evaluation),
    )
    metrics = load_metrics(folder / "metrics.json")
    card = model_card(summary, metrics, population(predictions, summary))
    (folder / "bundle" / "README.md").write_text(card)
    seal(folder / "bundle")
    return report


def summarise(
    config: RunConfig,
    material: Material,
    folder: Path,
    tasks: Sequence[TaskInfo],
    shares: pd.DataFrame,
    command: str,
    remarks: Sequence[str],
    told: pd.DataFrame | None,
    audit: Audit,
    outlines: Outlines | None,
) -> RunSummary:
    """What the report must be told."""
    modalities = sorted(config.modalities)
    presence = pd.concat(
        [
            place.cohort.presence()
            .reindex(columns=modalities, fill_value=False)
            .loc[list(place.patients)]
            for place in material.places
        ]
    )
    for name, patients in material.inputs.unusable.items():
        presence.loc[presence.index.isin(patients), name] = False
    known = characteristics(config, material.places)
    return RunSummary(
        title=config.name,
        question=config.question,
        command=command,
        versions=versions(),
        fingerprint=material.cohort.fingerprint(),
        split_scheme=material.split.scheme,
        tasks=tasks,
        presence=presence,
        centers={p: place.cohort.centers[p] for place in material.places for p in place.patients},
        parts={p: place.part for place in material.places for p in place.patients},
        excluded=material.left_out,
        attention={str(m): float(v) for m, v in shares.mean().items()}
        if len(shares.columns)
        else None,
        curves=None  # of an ensemble, nothing but its members is trained
        if isinstance(config.head, EnsembleConfig)
        else folder / "models" / "fusion" / "history.csv",
        notes=[*notes(config, material), *remarks],
        date=date.today().isoformat(),
        characteristics=known,
        subgroups=known_subgroups(config, known),
        kinds=kinds(config),
        methods=methods(config),
        fingerprints={
            "split": sha256(folder / "split.json"),
            "weights of the bundle": sha256(folder / "bundle" / "weights.safetensors"),
        },
        audit=audit,
        harmonisation=told,
        robustness=read_robustness(folder),
        added=read_added(folder),
        outlines=outlines,
        regions=read_regions(folder),
    )


def notes(config: RunConfig, material: Material) -> list[str]:
    """Sentences that the reader should know."""
    found = []
    for name, task in config.tasks.items():
        for modality, columns in sorted(task.defining.items()):
            found.append(
                f"{', '.join(columns)} of {modality} define {name} and are not among the inputs."
            )
    filled = [sentence] if (sentence := stands_in(config)) else []
    return [*filled, *found, *material.inputs.sentences()]
