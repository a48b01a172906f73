"""Training patients divided once more, so that each is predicted by a model that never saw him."""

from dataclasses import replace

from fusion.config.parts.sources import build_sources
from fusion.config.run import RunConfig
from fusion.config.split import FileConfig
from fusion.data.splitting.parts import divide, generator
from fusion.errors import SplitError
from fusion.run.material import Material
from fusion.run.place import Place
from fusion.run.prepare import read_all
from fusion.types import PatientId

INNER = "inner_{}"
"""Folder of the model of an inner fold, in that of the modality alone."""


def inner_folds(
    config: RunConfig, material: Material, modality: str, *, folds: int, of: str
) -> list[Material]:
    """For each inner fold, material that trains on the others and tests on those held out.

    What chooses the epoch are the run's validation patients. Preprocessing is fitted anew, on the
    inner training patients alone.

    Args:
        config: of the run.
        material: of the run.
        modality: that is trained alone.
        folds: how many.
        of: name of the model that they belong to, for the notes of what was fitted.

    Raises:
        SplitError: for more folds than patients.
        ConfigError: where harmonising finds too few patients of two centres in a fold.
        CohortError: where harmonising must not meet a centre that only held-out patients have.
    """
    parts = inner_parts(config, material, folds)
    found = []
    for number, part in enumerate(parts):
        inner = without(material, part)
        own = replace(inner, fitted=material.fitted.inside(of))
        found.append(refit(config, own, modality, INNER.format(number)))
    return found


def inner_parts(config: RunConfig, material: Material, folds: int) -> list[frozenset[PatientId]]:
    """The training patients in parts, stratified as the run's split is.

    Raises:
        SplitError: for more folds than patients.
    """
    people = sorted(material.place("train").patients)
    if folds > len(people):
        raise SplitError(f"head.folds: {folds} folds of {len(people)} training patients")
    sizes = [len(people) // folds + (i < len(people) % folds) for i in range(folds)]
    split = config.split
    stratify = [] if isinstance(split, FileConfig) else split.stratify
    return divide(material.cohort, people, sizes, stratify, generator(config.seed, folds))


def without(material: Material, held_out: frozenset[PatientId]) -> Material:
    """The same material, in which these training patients test; preprocessing stays as it was."""
    train, val = material.place("train"), material.place("val")
    kept = tuple(p for p in train.patients if p not in held_out)
    aside = tuple(p for p in train.patients if p in held_out)
    places = (replace(train, patients=kept), val, Place(train.cohort, "test", aside))
    return replace(material, places=places)


def refit(config: RunConfig, inner: Material, modality: str, name: str) -> Material:
    """The same material, one modality preprocessed by the inner training patients alone."""
    alone = config.model_copy(update={"modalities": {modality: config.modalities[modality]}})
    sources = build_sources(alone)
    unusable = read_all(sources, [inner.cohort], config.cohort.on_fault)
    training = set(inner.place("train").patients) - unusable[modality]
    files = inner.cohort.files(modality)
    learning = {p: rows for p, rows in files.items() if p in training}
    sources[modality].fit(learning)
    inner.fitted.inside(name).note(f"preprocessing of {modality}", "fit", learning)
    return replace(inner, inputs=replace(inner.inputs, sources=sources))
