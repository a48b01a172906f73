"""Write a bundle: weights, configuration, preprocessing, and what they were made from."""

import importlib.metadata
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

import fusion
from fusion.audit.look import Look
from fusion.config.run import RunConfig
from fusion.metrics.censoring import Censoring
from fusion.run.acquaintance import remember, remember_inputs
from fusion.run.bundle_files import write_json
from fusion.run.first_weights import recorded
from fusion.run.material import Material
from fusion.run.methods import methods
from fusion.run.trained import Trained

FORMAT = 6
"""Of the bundle; another one is refused, older or newer."""

PACKAGES = ("torch", "monai", "lightning", "numpy", "pandas", "nibabel", "openslide-python")


def versions() -> dict[str, str]:
    """Of this package, Python, and the libraries that numbers depend on."""
    libraries = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"fusion": fusion.__version__, "python": platform.python_version(), **libraries}


def export(
    config: RunConfig,
    material: Material,
    trained: Trained,
    folder: Path,
    looks: Mapping[str, Look],
    thresholds: Mapping[str, Mapping[str, float]],
    censoring: Mapping[str, Censoring],
) -> None:
    """Write the bundle; the model card comes with the report, before `seal`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    trained.save(folder / "weights.safetensors")
    write_json(folder / "config.json", config.model_dump(mode="json"))
    sources = material.inputs.sources.items()
    write_json(folder / "preprocessing.json", {name: dict(s.state()) for name, s in sources})
    seen = material.split.train | material.split.val
    memory = remember(sorted(seen))
    memory["inputs"] = remember_inputs(memory["salt"], looks, seen)
    about = {
        "format": FORMAT,
        "modalities": {name: source.width for name, source in sources},
        "versions": versions(),
        "cohort": {"name": material.cohort.name, "fingerprint": material.cohort.fingerprint()},
        "training_patients": memory,
        "first_weights": recorded(config, folder.parent),
        "split": material.split.scheme,
        "thresholds": {task: dict(rules) for task, rules in thresholds.items()},
        "holds_patient_vectors": methods(config)["patients in the weights"],
        "censoring": {task: curve.state() for task, curve in censoring.items()},
        "research_use_only": True,
    }
    write_json(folder / "bundle.json", about)
