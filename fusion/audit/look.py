"""One look at every input of a modality: a vector to compare, and hashes to recognise it by."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np
from jaxtyping import Float
from torch import Tensor

from fusion.audit.features import summarise
from fusion.audit.near import continuous
from fusion.data.cohort import Entry, Files
from fusion.data.prepare.cache_key import digest
from fusion.data.prepare.volume_rows import MASK
from fusion.data.source import Source
from fusion.types import Bags, Input, PatientId, Volumes

SKETCH = 256
"""Of so many pieces at most, those with the smallest hashes, the same of equal bags (MinHash)."""

FEWEST_COLUMNS = 6
"""Columns without repeated values that a table needs, so that a row is one patient's only."""


@dataclass(frozen=True)
class Look:
    """One modality, as the patients who have it bring it."""

    patients: tuple[PatientId, ...]
    features: Float[np.ndarray, "n d"]
    """As `summarise` gives them."""
    pieces: tuple[frozenset[str], ...]
    """Hashes of what each input is made of: files, channels, tiles, or the whole vector."""
    telling: bool
    """Whether equal pieces mean one patient; not so in a table of few values (sex, mutations)."""


def look(
    source: Source,
    files: Files,
    patients: Sequence[PatientId],
    *,
    advance: Callable[[], object] = lambda: None,
) -> Look:
    """Load each input once.

    Args:
        source: prepared and fitted.
        files: of the modality.
        patients: whom to look at; those without the modality are left out.
        advance: called after each patient, for a progress bar.

    Raises:
        ReadError: naming the patient and the file.
    """
    who = tuple(p for p in patients if p in files)
    rows, pieces, table = [], [], False
    for patient in who:
        value = source.load(patient, files[patient])
        table = isinstance(value, Tensor)
        rows.append(summarise(value))
        found = {*input_pieces(value), *file_pieces(files[patient])}
        pieces.append(frozenset(nsmallest(SKETCH, found)))
        advance()
    features = np.stack(rows) if rows else np.zeros((0, 0))
    telling = not table or int(continuous(features).sum()) >= FEWEST_COLUMNS
    return Look(who, features, tuple(pieces), telling)


def input_pieces(value: Input) -> set[str]:
    """Hashes of a prepared input, to three decimals: of channels, of tiles, or of the vector."""
    match value:
        case Bags():
            parts = list(value.features.numpy())
        case Volumes():
            images = zip(value.image[0].numpy(), value.channels[0].numpy(), strict=True)
            parts = [image for image, there in images if there and image.any()]
        case Tensor():
            parts = [value[0].numpy()]
    return {_hash(part) for part in parts}


def file_pieces(rows: Sequence[Entry]) -> set[str]:
    """Hashes of image files: known already from preparing them in this process."""
    files = {row.path for row in rows if row.key is None and row.sequence != MASK}
    return {digest({"piece": "file"}, [path])[:16] for path in files}


def _hash(part: np.ndarray) -> str:
    rounded = np.round(part.astype(np.float32), 3) + np.float32(0)  # no -0.0
    return hashlib.blake2b(rounded.tobytes(), digest_size=8).hexdigest()
