"""The features of slides, each embedded once and found again by what made it."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fusion.data.cohort import Entry
from fusion.data.prepare.cache import Cache, digest
from fusion.data.prepare.embedding import Report, embed
from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.tiling import Tiling
from fusion.data.readers.pixels import companions

CODE = 1
"""Raise it when reading, masking or tiling give other numbers: every entry is then made again."""


class SlideStore:
    """Manifest row -> arrays and metadata of `embed`, through the cache.

    Args:
        tiling: which tiles.
        encoder: what encodes them.
        cache: folder of the entries.
    """

    def __init__(self, *, tiling: Tiling, encoder: PatchEncoder, cache: Path) -> None:
        self._tiling = tiling
        self._encoder = encoder
        self._cache = Cache(cache)
        # travels to worker processes, so that none of them hashes gigabytes again
        self._keys: dict[tuple[Path, float | None], str] = {}

    def made_by(self) -> dict[str, Any]:
        """All that decides a feature beside the slide, as JSON-able values."""
        return {
            "kind": "slide",
            "code": CODE,
            "tiling": asdict(self._tiling),
            "encoder": dict(self._encoder.spec()),
        }

    def ensure(self, entry: Entry, report: Report) -> None:
        """Embed the slide unless it is there and whole.

        Raises:
            ReadError: where the slide cannot be used.
        """
        if self._cache.meta(self._key(entry)) is None:
            self._make(entry, report)

    def arrays(self, entry: Entry) -> Mapping[str, np.ndarray]:
        """Features and places; made now where the cache lacks them.

        Raises:
            ReadError: where the slide cannot be used.
        """
        found = self._cache.get(self._key(entry))
        return self._make(entry, _silent)[0] if found is None else found

    def meta(self, entry: Entry) -> Mapping[str, Any]:
        """What is known of the slide; made now where the cache lacks it.

        Raises:
            ReadError: where the slide cannot be used.
        """
        found = self._cache.meta(self._key(entry))
        return self._make(entry, _silent)[1] if found is None else found

    def _make(
        self, entry: Entry, report: Report
    ) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        arrays, meta = embed(entry, self._tiling, self._encoder, report)
        self._cache.put(self._key(entry), arrays, meta)
        return arrays, meta

    def _key(self, entry: Entry) -> str:
        known = self._keys.get((entry.path, entry.mpp))
        if known is None:
            config = {**self.made_by(), "mpp": entry.mpp}
            known = digest(config, companions(entry.path))
            self._keys[entry.path, entry.mpp] = known
        return known


def _silent(done: int, total: int) -> None:
    """Report nothing."""
