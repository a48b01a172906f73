"""The features of slides, each embedded once and found again by what made it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fusion.data.cohort import Entry
from fusion.data.harmonise.stain import Profile
from fusion.data.harmonise.stain_target import StainTarget
from fusion.data.prepare.cache import Cache
from fusion.data.prepare.cache_key import digest
from fusion.data.prepare.embedding import Report, embed
from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.stain_profile import stain_profile
from fusion.data.prepare.tiling import Tiling
from fusion.data.readers.pixels import companions
from fusion.errors import ConfigError

CODE = 1
"""Raise it when reading, masking or tiling give other numbers: every entry is then made again."""


def _silent(done: int, total: int) -> None:
    """Report nothing."""


class SlideStore:
    """Manifest row -> arrays and metadata of `embed`, through the cache.

    Args:
        tiling: which tiles.
        encoder: what encodes them.
        cache: folder of the entries.
        stain: what tiles are brought to before they are encoded; None leaves them.
        half_size_decode: how tiles are read, as `SlideFile.open` says.
    """

    def __init__(
        self,
        *,
        tiling: Tiling,
        encoder: PatchEncoder,
        cache: Path,
        stain: StainTarget | None = None,
        half_size_decode: bool = False,
    ) -> None:
        self._tiling = tiling
        self._encoder = encoder
        self._cache = Cache(cache)
        self._stain = stain
        self._half = half_size_decode
        # travels to worker processes, so that none of them hashes gigabytes again
        self._keys: dict[tuple[str, Path, float | None], str] = {}

    def made_by(self) -> dict[str, Any]:
        """All that decides a feature beside the slide, as JSON-able values."""
        stain = {} if self._stain is None else {"stain": self._stain.made_by()}
        return {
            "kind": "slide",
            "code": CODE,
            "tiling": asdict(self._tiling),
            "encoder": dict(self._encoder.spec()),
            **stain,
            **self._reading(),
        }

    def _reading(self) -> dict[str, bool]:
        return {"half_size_decode": True} if self._half else {}

    def ensure_profile(self, entry: Entry, report: Report) -> None:
        """Find how the slide is stained, unless that is known.

        Raises:
            ReadError: where the slide cannot be used, or its stain cannot be estimated.
        """
        self.profile(entry, report)

    def profile(self, entry: Entry, report: Report = _silent) -> Profile:
        """How the slide is stained; found now where the cache lacks it.

        Raises:
            ConfigError: where tiles are not brought to any stain.
            ReadError: where the slide cannot be used, or its stain cannot be estimated.
        """
        if self._stain is None:
            raise ConfigError("no stain is asked for: slides have no profile")
        made_by = {
            "kind": "stain",
            "code": CODE,
            "tiling": asdict(self._tiling),
            "stain": self._stain.spec(),
            **self._reading(),
        }
        key = self._key(entry, made_by)
        found = self._cache.get(key)
        if found is not None:
            return found
        stain = self._stain
        made, meta = stain_profile(
            entry, self._tiling, stain.method, stain.tiles, report, half_size_decode=self._half
        )
        self._cache.put(key, made, meta)
        return made

    def ensure(self, entry: Entry, report: Report) -> None:
        """Embed the slide unless it is there and whole.

        Raises:
            ReadError: where the slide cannot be used.
        """
        key = self._key(entry, self.made_by())
        if self._cache.meta(key) is None:
            with self._cache.claim(key):  # another process may be at it
                if self._cache.meta(key) is None:
                    self._make(entry, report)

    def arrays(self, entry: Entry) -> Mapping[str, np.ndarray]:
        """Features and places; made now where the cache lacks them.

        Raises:
            ReadError: where the slide cannot be used.
        """
        found = self._cache.get(self._key(entry, self.made_by()))
        return self._make(entry, _silent)[0] if found is None else found

    def meta(self, entry: Entry) -> Mapping[str, Any]:
        """What is known of the slide; made now where the cache lacks it.

        Raises:
            ReadError: where the slide cannot be used.
        """
        found = self._cache.meta(self._key(entry, self.made_by()))
        return self._make(entry, _silent)[1] if found is None else found

    def _make(
        self, entry: Entry, report: Report
    ) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        recolour = None
        if self._stain is not None:
            recolour = self._stain.recolour(self.profile(entry))
        arrays, meta = embed(
            entry, self._tiling, self._encoder, report, recolour, half_size_decode=self._half
        )
        origin = {"file": entry.path.name, "made_by": self.made_by()}
        self._cache.put(self._key(entry, self.made_by()), arrays, {**meta, **origin})
        return arrays, meta

    def _key(self, entry: Entry, made_by: Mapping[str, Any]) -> str:
        place = (json.dumps(made_by, sort_keys=True), entry.path, entry.mpp)
        known = self._keys.get(place)
        if known is None:
            known = digest({**made_by, "mpp": entry.mpp}, companions(entry.path))
            self._keys[place] = known
        return known
