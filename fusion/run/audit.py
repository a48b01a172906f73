"""The leakage and shift audit of a run: before training, and again after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.audit.accept import accepted
from fusion.audit.aliases import two_ids
from fusion.audit.alike import alike_centers
from fusion.audit.check import Audit, Check
from fusion.audit.determines import determined, named_alike
from fusion.audit.distance import distance
from fusion.audit.fits import Fit, chosen_on_others, fitted_on_others
from fusion.audit.hospitals import one_hospital
from fusion.audit.look import Look
from fusion.audit.missing import missing_by_center
from fusion.audit.predicted_shares import predicted_shares
from fusion.audit.records import best_epochs, parts_agree
from fusion.audit.refit import refit
from fusion.audit.roster import Roster
from fusion.audit.shares import label_shift
from fusion.audit.standardised import scaled_over_all
from fusion.audit.told import center_told
from fusion.audit.twins import same_input
from fusion.config.run import RunConfig
from fusion.config.task import ClassificationConfig
from fusion.run.audit_inputs import (
    look_at_all,
    measured,
    roster_of,
    tasks_of,
    training_columns,
    usable,
)
from fusion.run.material import Material


@dataclass(frozen=True)
class Examination:
    """What the audit found, and what it saw on the way."""

    audit: Audit
    looks: Mapping[str, Look]
    """Modality -> every input, for the bundle to recognise its training patients by."""


def examine(config: RunConfig, material: Material) -> Examination:
    """Ask every question that can be asked before training.

    Args:
        config: of the run.
        material: prepared and fitted; nothing of it is changed.

    Raises:
        ConfigError: where `audit.accept` names a check that does not exist.
        ReadError: naming the patient and the file.
    """
    roster, sources = roster_of(material), material.inputs.sources
    files = {name: usable(material, name) for name in sources}
    own = {
        m: {p: r for p, r in f.items() if p in material.cohort.centers} for m, f in files.items()
    }
    everybody = tuple(roster.parts)
    looks = look_at_all(sources, files, everybody, progress=config.progress)
    tables = measured(sources, files)
    tasks = tasks_of(config, material)
    columns = training_columns(config, material)
    seed, permutations = config.seed, config.audit.permutations
    hints = alike_centers(looks, roster, seed=seed)
    planned = Fit("epoch, as planned", "choice", material.place("val").patients)
    checks = (
        two_ids(roster),
        same_input(roster, looks, tables),
        one_hospital(roster, hints),
        refit(sources, own, roster),
        *records([*material.fitted.fits, planned], roster),
        determined(columns, tasks),
        named_alike(columns, tasks),
        scaled_over_all(tables, roster),
        center_told(looks, roster, seed=seed),
        distance(looks, roster, permutations=permutations, seed=seed),
        missing_by_center({m: list(f) for m, f in files.items()}, roster, seed=seed),
        label_shift(tasks, roster, seed=seed),
        predicted_shares(None, {}),
    )
    return Examination(accepted(Audit(checks), config.audit.accept), looks)


def examine_again(
    before: Audit, config: RunConfig, material: Material, folder: Path, predictions: pd.DataFrame
) -> Audit:
    """The same audit with what only a trained model can answer.

    Args:
        before: the audit before training.
        config: of the run.
        material: of the run.
        folder: of the run.
        predictions: of all its models.
    """
    roster = roster_of(material)
    fusion = predictions[predictions["model"] == "fusion"]
    new = (
        *records(material.fitted.fits, roster, histories(folder), predictions),
        predicted_shares(fusion, taught_shares(config, material)),
    )
    mine = {check.name for check in new}
    accept = {k: why for k, why in config.audit.accept.items() if k.partition("/")[0] in mine}
    named = {check.name: check for check in accepted(Audit(new), accept).checks}
    return Audit(tuple(named.get(check.name, check) for check in before.checks))


def records(
    fits: Sequence[Fit],
    roster: Roster,
    curves: Mapping[str, pd.DataFrame] | None = None,
    predictions: pd.DataFrame | None = None,
) -> tuple[Check, ...]:
    """What the notes and files of a run say, as far as there are any."""
    return (
        fitted_on_others(fits, roster),
        chosen_on_others(fits, roster),
        best_epochs(fits, curves or {}),
        parts_agree(predictions, roster),
    )


def histories(folder: Path) -> dict[str, pd.DataFrame]:
    """Model -> its training curves, from the files of a run; one within another by both names."""
    models = folder / "models"
    return {
        " of ".join(reversed(path.parent.relative_to(models).parts)): pd.read_csv(path)
        for path in sorted(models.rglob("history.csv"))
    }


def taught_shares(config: RunConfig, material: Material) -> dict[str, dict[str, float]]:
    """Share of each class as the loss weighs it: all alike where classes are balanced."""
    shares = {}
    for task in tasks_of(config, material):
        settings = config.tasks[task.name]
        known = [task.values[p][0] for p in material.place("train").patients if p in task.values]
        if not task.classes or not known:
            continue
        even = isinstance(settings, ClassificationConfig) and settings.balanced
        shares[task.name] = {
            name: 1 / len(task.classes) if even else known.count(code) / len(known)
            for code, name in enumerate(task.classes)
        }
    return shares
