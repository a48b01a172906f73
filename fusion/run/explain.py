"""A bundle asked why: tiles or voxels that speak for its answers, and whether they do."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import track

from fusion.data.entry import Entry
from fusion.data.sample import Sample
from fusion.data.sources.bag import BagSource
from fusion.data.sources.volume import VolumeSource
from fusion.errors import ConfigError
from fusion.explain.methods import METHODS
from fusion.explain.planted import read_signal
from fusion.explain.volume_methods import VOLUME_METHODS
from fusion.report.markdown import plain
from fusion.report.publish import publish
from fusion.run.bundle import load_bundle
from fusion.run.explain_page import section
from fusion.run.explain_patient import Asked, Explained, explain_patient
from fusion.run.explain_told import told
from fusion.run.explain_volume import explain_volume
from fusion.run.explain_who import Wanted, source_of, tasks_of, who
from fusion.run.own_patients import patients_asked
from fusion.run.trained import Trained

Explain = Callable[[Sample, tuple[Entry, ...], Asked, Path], Explained]


def explain_bundle(
    *, bundle: Path, cohort: Path | None, out: Path, cache: Path | None, wanted: Wanted
) -> Path:
    """Explain patients' slides or volumes, one after the other.

    Args:
        bundle: that a run exported.
        cohort: another hospital's folder; None for the run's own test and external patients.
        out: folder of `explain.md`, with a folder for each task and patient.
        cache: for slide features; as in training if None.
        wanted: of whom, for what and how.

    Returns:
        `explain.md`.

    Raises:
        LeakageError: where another cohort shares a patient with training.
        BundleError: where the run's split is not beside the bundle.
        ConfigError: for a name that does not exist.
    """
    if wanted.method not in {*METHODS, *VOLUME_METHODS}:
        raise ConfigError(f"no method {wanted.method!r}; there are {_methods()}")
    model = load_bundle(bundle, cache=cache)
    modality, source = source_of(model, wanted.modality)
    parts, explain = _how(model.trained, source, wanted)
    infos = tasks_of(model, wanted.tasks)
    places, inputs = patients_asked(model, bundle, cohort)
    chosen = who(model, places, inputs, modality, wanted)
    model.trained.model.eval()
    every: dict[str, list[Explained]] = {task.name: [] for task in infos}
    for dataset, i, rows in track(chosen, "explaining", console=Console(stderr=True)):
        sample = dataset[i]  # one at a time: volumes are large
        for task in infos:
            asked = Asked(
                modality=modality,
                task=task,
                answer=wanted.answer,
                method=wanted.method,
                draws=wanted.draws,
                seed=model.config.seed,
            )
            folder = out / task.name / str(sample.patient_id)
            every[task.name].append(explain(sample, rows, asked, folder))
    text = [f"# Why {plain(model.config.name)} says so", told(wanted.method, modality, parts)]
    for task in infos:
        text += section(task, every[task.name], out, model.config.seed, parts)
    return publish(out / "explain.md", ("\n\n".join(text) + "\n").encode())


def _how(trained: Trained, source: BagSource | VolumeSource, wanted: Wanted) -> tuple[str, Explain]:
    """What a patient's input is made of, and how one patient is explained."""
    methods = METHODS if isinstance(source, BagSource) else VOLUME_METHODS
    kind = "tiles" if isinstance(source, BagSource) else "volumes"
    if wanted.method not in methods:
        raise ConfigError(f"no method {wanted.method!r} for {kind}; there are {_methods()}")
    if isinstance(source, BagSource):
        signal = None if wanted.truth is None else read_signal(wanted.truth)
        return "tiles", lambda sample, rows, asked, folder: explain_patient(
            trained, sample, rows, source, asked, folder, signal
        )
    return "cells", lambda sample, rows, asked, folder: explain_volume(
        trained, sample, rows, source, asked, folder, wanted.truth
    )


def _methods() -> str:
    return f"{', '.join(METHODS)} for tiles and {', '.join(VOLUME_METHODS)} for volumes"
