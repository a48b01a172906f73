"""A model that reproduces its predictions elsewhere: load, predict."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from fusion.config.compose import parse
from fusion.config.parts.sources import build_sources
from fusion.config.parts.tasks import build_labeller, task_infos
from fusion.config.run import RunConfig
from fusion.data.cohort import Cohort
from fusion.data.labels import label_all
from fusion.data.source import Source
from fusion.errors import BundleError, CohortError, ConfigError, Fault
from fusion.run.acquaintance import refuse_known
from fusion.run.assemble import assemble
from fusion.run.bundle_files import read_json, verify
from fusion.run.cohort import check_known_labels
from fusion.run.export import FORMAT
from fusion.run.inputs import Inputs
from fusion.run.loading import load
from fusion.run.place import Place
from fusion.run.predict import predict
from fusion.run.prepare import read_all, who_takes_part
from fusion.run.pretrained import bundle_weights, refuse_taught, tile_encoders
from fusion.run.trained import Trained
from fusion.types import PatientId


@dataclass(frozen=True)
class Bundle:
    """A trained model with everything that it needs to predict."""

    config: RunConfig
    sources: Mapping[str, Source]
    trained: Trained
    about: Mapping[str, Any]

    def predict(self, manifest: Path | str, *, name: str | None = None) -> pd.DataFrame:
        """Predictions for every patient of a cohort folder who has any of the modalities.

        Args:
            manifest: a cohort folder, or its `manifest.csv`.
            name: of the cohort in the predictions; the folder's name if not given.

        Returns:
            Rows as in `predictions.parquet`; targets are filled in where `targets.csv` has them.

        Raises:
            CohortError: listing every fault of the manifest, and every file that cannot be used.
        """
        return self.predict_cohort(open_folder(manifest, name))

    def predict_cohort(self, cohort: Cohort) -> pd.DataFrame:
        """Predictions for a cohort that is open already."""
        return self.predict_inputs(*self.take(cohort))

    def take(self, cohort: Cohort) -> tuple[Place, Inputs]:
        """Read every file of a cohort; who can be predicted, and from what.

        Raises:
            CohortError: listing every file that cannot be used, and every unknown class.
        """
        labels = self.labels(cohort)
        unusable = read_all(self.sources, [cohort], self.config.cohort.on_fault)
        eligible, left_out = who_takes_part(cohort, self.sources, unusable)
        if not eligible:
            raise CohortError(cohort.root, [Fault(why, patient=p) for p, why in left_out])
        inputs = Inputs(self.sources, {cohort.name: labels}, unusable)
        return Place(cohort, "external", eligible), inputs

    def predict_inputs(self, place: Place, inputs: Inputs) -> pd.DataFrame:
        """Predictions from what `take` read."""
        dataset = inputs.dataset(place, self.trained.modalities)
        rows, _ = predict(
            self.trained,
            load(dataset, self.config.loader, seed=None),
            place=place,
            model="fusion",
            tasks=[i for n, t in sorted(self.config.tasks.items()) for i in task_infos(n, t)],
            labels=inputs.labels[place.cohort.name],
            device=torch.device("cpu"),
        )
        return rows

    def labels(self, cohort: Cohort) -> dict[PatientId, dict[str, torch.Tensor]]:
        """What the cohort knows of each task.

        Raises:
            CohortError: for a class that the model does not know.
        """
        check_known_labels(self.config, cohort)
        labellers = {name: build_labeller(task) for name, task in self.config.tasks.items()}
        return label_all(cohort.targets, labellers)

    def refuse_known(self, cohort: Cohort) -> None:
        """Stop where the cohort shares a patient with training or validation.

        Raises:
            LeakageError: naming the patients.
        """
        refuse_known(self.about["training_patients"], cohort.patients, cohort=cohort.name)
        taught = [*tile_encoders(self.config), *bundle_weights(self.about)]
        refuse_taught(taught, cohort.patients, cohort=cohort.name)


def open_folder(manifest: Path | str, name: str | None) -> Cohort:
    """A cohort folder, or its manifest."""
    path = Path(manifest)
    return Cohort.from_manifest(path.parent if path.name == "manifest.csv" else path, name=name)


def load_bundle(
    folder: Path | str,
    *,
    cache: Path | str | None = None,
    patch_encoders: Mapping[str, str] | None = None,
    on_fault: str | None = None,
) -> Bundle:
    """Open a bundle that `python train.py` exported, here or elsewhere.

    Args:
        folder: the run's `bundle/`.
        cache: where prepared volumes and slide features go; the bundle's own choice if not given.
        patch_encoders: modality -> folder of the `transformers` model on this machine, which must
            be the one that training used (its weights are compared).
        on_fault: files that cannot be used: `stop` and list them, or `exclude` them; as in
            training if not given.

    Raises:
        BundleError: where a file is missing or changed, or the format is another one.
        ConfigError: for a value that does not fit.
    """
    root = Path(folder)
    verify(root)
    about = read_json(root / "bundle.json")
    if about.get("format") != FORMAT:
        raise BundleError(
            f"{root}: bundle format {about.get('format')}, this version of fusion reads {FORMAT}; "
            f"it was made by fusion {about.get('versions', {}).get('fusion')}: install that one"
        )
    values = read_json(root / "config.json")
    if cache is not None:
        values["cache"] = str(cache)
    if on_fault is not None:
        values["cohort"]["on_fault"] = on_fault
    for name, place in (patch_encoders or {}).items():
        if "folder" not in values["modalities"].get(name, {}).get("patch_encoder", {}):
            raise ConfigError(f"patch_encoders: {name} has no transformers model in this bundle")
        values["modalities"][name]["patch_encoder"]["folder"] = place
    config = parse(values)
    sources = build_sources(config)
    states = read_json(root / "preprocessing.json")
    if states.keys() != sources.keys():
        raise BundleError(
            f"{root}: preprocessing of {', '.join(states)} for modalities {', '.join(sources)}; "
            "was one of the files changed by hand?"
        )
    for name, source in sources.items():
        source.restore(states[name])
    trained = assemble(config, sources, tuple(sorted(sources)), config.head)
    trained.restore(root / "weights.safetensors")
    return Bundle(config, sources, trained, about)
