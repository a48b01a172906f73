"""The features of slides, each embedded once and found again by what made it."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
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

CODE = 3
"""Raise it when reading, masking or tiling give other numbers: every entry is then made again."""


def _silent(done: int, total: int) -> None:
    """Report nothing."""


class SlideStore:
    """Manifest row -> arrays and metadata of `embed`, through the cache.

    Args:
        tiling: which tiles.
        encoder: what encodes them; their size must be what it takes.
        cache: folder of the entries.
        context: what encodes the surroundings of each tile, at coarser microns per pixel.
        stain: what tiles are brought to before they are encoded; None leaves them.
        half_size_decode: how tiles are read, as `SlideFile.open` says.

    Raises:
        ConfigError: for tiles that do not fit the encoder, or surroundings that are no coarser.
    """

    def __init__(
        self,
        *,
        tiling: Tiling,
        encoder: PatchEncoder,
        cache: Path,
        context: Sequence[PatchEncoder] = (),
        stain: StainTarget | None = None,
        half_size_decode: bool = False,
    ) -> None:
        _check(tiling, encoder, context)
        self._tiling = tiling
        self._encoders = (encoder, *context)
        self._cache = Cache(cache)
        self._stain = stain
        self._half = half_size_decode
        # travels to worker processes, so that none of them hashes gigabytes again
        self._keys: dict[tuple[str, Path, float | None, Path | None], str] = {}

    @property
    def width(self) -> int:
        """Features of a tile."""
        return sum(encoder.dim for encoder in self._encoders)

    def made_by(self) -> dict[str, Any]:
        """All that decides a feature beside the slide, as JSON-able values."""
        stain = {} if self._stain is None else {"stain": self._stain.made_by()}
        first, *further = (dict(encoder.spec()) for encoder in self._encoders)
        return {
            "kind": "slide",
            "code": CODE,
            "tiling": self._tiling.spec(),
            "encoder": first,
            "context": further,
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
            "tiling": self._tiling.spec(),
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
            entry, self._tiling, self._encoders, report, recolour, half_size_decode=self._half
        )
        origin = {"file": entry.path.name, "made_by": self.made_by()}
        self._cache.put(self._key(entry, self.made_by()), arrays, {**meta, **origin})
        return arrays, meta

    def _key(self, entry: Entry, made_by: Mapping[str, Any]) -> str:
        drawn = entry.tissue_mask
        place = (json.dumps(made_by, sort_keys=True), entry.path, entry.mpp, drawn)
        known = self._keys.get(place)
        if known is None:
            config = {**made_by, "mpp": entry.mpp, "drawn": drawn and drawn.suffix.lower()}
            files = [*companions(entry.path), *([drawn] if drawn else [])]
            known = self._keys[place] = digest(config, files)
        return known


def _check(tiling: Tiling, encoder: PatchEncoder, context: Sequence[PatchEncoder]) -> None:
    if (encoder.tile_px, encoder.mpp) != (tiling.tile_px, tiling.mpp):
        raise ConfigError(
            f"the patch encoder {encoder.name!r} takes tiles of {encoder.tile_px} px at "
            f"{encoder.mpp:g} microns per pixel, found {tiling.tile_px} px at {tiling.mpp:g}"
        )
    mpps = [tiling.mpp, *(each.mpp for each in context)]
    if any(coarse <= fine for fine, coarse in pairwise(mpps)):
        raise ConfigError(
            f"context_mpps is {mpps[1:]}, expected rising values above the tiles' own {mpps[0]:g}"
        )
