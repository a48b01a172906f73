"""What a trained model predicts where modalities are missing: hide them from those who have all."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd
import torch
from torch.utils.data import DataLoader

from fusion.config.run import LoaderConfig
from fusion.data.sample import Batch
from fusion.report.predictions import load as load_predictions
from fusion.report.tasks import TaskInfo
from fusion.run.inputs import Inputs
from fusion.run.loading import load
from fusion.run.place import Place
from fusion.run.predict import Label, batch_answers
from fusion.run.trained import Trained
from fusion.types import PatientId, Tokens

FILE = "robustness.parquet"
"""In the folder of a run; rows as in its predictions."""

JOIN = " + "
"""Between the names of the modalities that are left."""

ENOUGH = 20
"""Patients who have all modalities, without whom the rarest modality is set aside."""


def robustness(
    trained: Trained,
    places: Sequence[Place],
    inputs: Inputs,
    *,
    tasks: Sequence[TaskInfo],
    loader: LoaderConfig,
    device: torch.device,
    all_up_to: int = 5,
) -> pd.DataFrame | None:
    """Predict the same patients with every subset of their modalities.

    The patients are those of the test and external parts who have all modalities. Where the
    external part (or without any the test part) has fewer than twenty of them, the modality that
    the fewest have is set aside, hidden from everybody, until it has; two must be left.

    Args:
        trained: the model.
        places: of the run, or of another cohort; training and validation are passed over.
        inputs: of these places.
        tasks: that the model answers.
        loader: how patients become batches.
        device: to run on.
        all_up_to: modalities of which every subset is tried.

    Returns:
        Rows as in `predictions.parquet`, `model` being what was left ("mri + rna"), everything
        first; None where fewer than twenty patients have two modalities.
    """
    judged = [place for place in places if place.part in ("test", "external")]
    sets = [inputs.dataset(place, trained.modalities) for place in judged]
    outside = [found for place, found in zip(judged, sets, strict=True) if place.part == "external"]
    have = [
        frozenset(m for m in trained.modalities if dataset.has(p, m))
        for dataset in (outside if any(map(len, outside)) else sets)
        for p in dataset.patients
    ]
    kept = shared(trained.modalities, have)
    if kept is None:
        return None
    frames = []
    for place, dataset in zip(judged, sets, strict=True):
        complete = [p for p in dataset.patients if all(dataset.has(p, m) for m in kept)]
        if complete:
            frames.append(
                hidden(
                    trained,
                    load(dataset.of(complete), loader, seed=None),
                    left=subsets(kept, all_up_to=all_up_to),
                    place=place,
                    tasks=tasks,
                    labels=inputs.labels[place.cohort.name],
                    device=device,
                )
            )
    return pd.concat(frames, ignore_index=True)


def shared(modalities: Sequence[str], have: Sequence[frozenset[str]]) -> tuple[str, ...] | None:
    """The modalities that at least twenty patients have all of, the rarest set aside.

    Example:
        >>> have = [frozenset({"mri", "rna"})] * 3 + [frozenset({"rna", "wsi"})] * 20
        >>> shared(["mri", "rna", "wsi"], have)
        ('rna', 'wsi')
    """
    kept = sorted(modalities)
    while len(kept) > 1:
        if sum(set(kept) <= mine for mine in have) >= ENOUGH:
            return tuple(kept)
        counts = {m: sum(m in mine for mine in have) for m in kept}
        kept.remove(min(kept, key=counts.__getitem__))
    return None


def subsets(modalities: Sequence[str], *, all_up_to: int = 5) -> list[tuple[str, ...]]:
    """What is left, the most first; of more modalities all, all but one, and each alone.

    Example:
        >>> subsets(["mri", "rna"])
        [('mri', 'rna'), ('mri',), ('rna',)]
        >>> len(subsets(list("abcde"))), len(subsets(list("abcdef")))
        (31, 13)
    """
    names = sorted(modalities)
    k = len(names)
    sizes = range(k, 0, -1) if k <= all_up_to else (k, k - 1, 1)
    return [left for size in sizes for left in combinations(names, size)]


def hidden(
    trained: Trained,
    loader: DataLoader[Batch],
    *,
    left: Sequence[tuple[str, ...]],
    place: Place,
    tasks: Sequence[TaskInfo],
    labels: Mapping[PatientId, Label],
    device: torch.device,
) -> pd.DataFrame:
    """Encode each batch once, then fuse what each subset leaves of it."""
    rows: list[dict[str, object]] = []
    trained.model.to(device).eval()
    with torch.no_grad():
        for batch in loader:
            tokens = trained.model.encode(batch.to(device))
            for names in left:
                outputs = trained.model.head(only(tokens, names)).outputs.cpu()
                name = JOIN.join(names)
                rows += batch_answers(trained, batch, outputs, place, name, tasks, labels)
    return pd.DataFrame(rows)


def only(tokens: Mapping[str, Tokens], names: Sequence[str]) -> dict[str, Tokens]:
    """All other modalities are absent: no token of them is real."""
    return {
        m: t if m in names else Tokens(t.features, torch.zeros_like(t.mask))
        for m, t in tokens.items()
    }


def read(folder: Path) -> pd.DataFrame | None:
    """What a run wrote; None where it wrote nothing."""
    path = folder / FILE
    return load_predictions(path) if path.exists() else None
