"""A bundle asked why: tiles that speak for its answers, and whether they do."""

from pathlib import Path

from rich.console import Console
from rich.progress import track

from fusion.errors import ConfigError
from fusion.explain.methods import METHODS
from fusion.explain.planted import read_signal
from fusion.report.markdown import plain
from fusion.report.publish import publish
from fusion.run.bundle import load_bundle
from fusion.run.explain_page import section, told
from fusion.run.explain_patient import Asked, Explained, explain_patient
from fusion.run.explain_who import Wanted, bags_of, tasks_of, who
from fusion.run.own_patients import patients_asked


def explain_bundle(
    *, bundle: Path, cohort: Path | None, out: Path, cache: Path | None, wanted: Wanted
) -> Path:
    """Explain patients' slides, one after the other.

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
    if wanted.method not in METHODS:
        raise ConfigError(f"no method {wanted.method!r}; there are {', '.join(METHODS)}")
    model = load_bundle(bundle, cache=cache)
    modality, source = bags_of(model, wanted.modality)
    infos = tasks_of(model, wanted.tasks)
    signal = None if wanted.truth is None else read_signal(wanted.truth)
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
                signal=signal,
            )
            folder = out / task.name / str(sample.patient_id)
            every[task.name].append(
                explain_patient(model.trained, sample, rows, source, asked, folder)
            )
    text = [f"# Why {plain(model.config.name)} says so", told(wanted.method, modality)]
    for task in infos:
        text += section(task, every[task.name], out, model.config.seed)
    return publish(out / "explain.md", ("\n\n".join(text) + "\n").encode())
