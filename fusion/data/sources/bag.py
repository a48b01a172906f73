"""Slides of one modality: manifest rows -> tiles -> cache -> `Bags`."""

from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from fusion.data.cohort import Entry, Files
from fusion.data.prepare.embedding import Report
from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.scale import Scale, fit_scale
from fusion.data.prepare.slide_progress import SlideProgress
from fusion.data.prepare.slide_store import SlideStore
from fusion.data.prepare.tiling import Tiling
from fusion.errors import BundleError, ConfigError, Fault, ReadError
from fusion.types import Bags, PatientId


@dataclass(frozen=True)
class PlacedTiles:
    """A patient's bag with the place of every row, for explanations."""

    features: Float[Tensor, "tiles dim"]
    """As `BagSource.load` gives them."""
    slide: Int[np.ndarray, " tiles"]
    """Which of the patient's manifest rows the tile is from, counted from 0."""
    corner_um: Float[np.ndarray, "tiles 2"]
    """x and y of the top left corner on its slide, in microns."""
    corner_px: Int[np.ndarray, "tiles 2"]
    """The same in level-0 pixels."""
    side_px: Float[np.ndarray, " tiles"]
    """Side of the tile in level-0 pixels of its slide."""
    tile_um: float
    """Side in microns."""


class BagSource:
    """All tiles of all slides of a patient, in manifest order, are one bag.

    Tiles are encoded once by a frozen patch encoder and cached slide by slide in half precision;
    features are standardised by the tiles of the training patients.

    Args:
        encoder: turns tiles into features.
        tile_px: side of a tile in pixels; must be what the encoder takes.
        mpp: microns per pixel of a tile; must be what the encoder takes.
        stride_px: from tile to tile; equal to `tile_px` without overlap.
        min_tissue: least share of tissue in a tile, 0 to 1.
        max_tiles_per_slide: at most so many, drawn by `seed`; None for all.
        seed: of that draw.
        cache: folder of the features.
        workers: slides prepared at a time, in threads: OpenSlide, Pillow, numpy and torch release
            the interpreter while they work.

    Raises:
        ConfigError: for a value that is out of range or does not fit the encoder.
    """

    def __init__(
        self,
        *,
        encoder: PatchEncoder,
        tile_px: int,
        mpp: float,
        stride_px: int,
        min_tissue: float,
        max_tiles_per_slide: int | None,
        seed: int,
        cache: Path,
        workers: int = 2,
    ) -> None:
        if (encoder.tile_px, encoder.mpp) != (tile_px, mpp):
            raise ConfigError(
                f"the patch encoder {encoder.name!r} takes tiles of {encoder.tile_px} px at "
                f"{encoder.mpp:g} microns per pixel, found {tile_px} px at {mpp:g}"
            )
        if workers < 1:
            raise ConfigError(f"workers is {workers}, expected at least 1")
        tiling = Tiling(tile_px, mpp, stride_px, min_tissue, max_tiles_per_slide, seed)
        self._tile_um = tiling.tile_um
        self._store = SlideStore(tiling=tiling, encoder=encoder, cache=Path(cache))
        self._workers = workers
        self._scale: Scale | None = None
        self.width = encoder.dim

    def prepare(self, files: Files) -> list[Fault]:
        """Embed every slide that the cache lacks; stopped work goes on with the next slide.

        Raises:
            CacheError: where the cache cannot be written, because that stops every slide.
            ConfigError: where the patch encoder cannot be used.
        """
        entries = [entry for rows in files.values() for entry in rows]
        with (
            SlideProgress(len(entries)) as progress,
            ThreadPoolExecutor(self._workers) as pool,
        ):

            def one(entry: Entry) -> Fault | None:
                with progress.slide() as report:
                    return self._prepare_one(entry, report)

            work = [pool.submit(one, entry) for entry in entries]
            try:
                done, _ = wait(work, return_when=FIRST_EXCEPTION)
            finally:
                # Ctrl-C and a full disk do not wait for the slides under way
                progress.stop()
                pool.shutdown(wait=False, cancel_futures=True)
            found = [task.result() for task in work if task in done]
        return [fault for fault in found if fault is not None]

    def fit(self, files: Files) -> None:
        """Mean and standard deviation of each feature, over all tiles of these patients.

        Raises:
            ConfigError: where they have no tile.
            ReadError: for a slide that cannot be used.
        """
        entries = [entry for rows in files.values() for entry in rows]
        if not entries:
            raise ConfigError("no training patient has a slide: nothing to standardise features by")
        self._scale = fit_scale(self._store.arrays(entry)["features"] for entry in entries)

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Bags:
        """One patient's bag; a slide that the cache lacks is embedded now.

        Raises:
            ReadError: for the first slide that cannot be used.
        """
        features = self._standardised([self._store.arrays(entry)["features"] for entry in rows])
        return Bags(features, torch.tensor([0, len(features)]))

    def tiles(self, patient: PatientId, rows: tuple[Entry, ...]) -> PlacedTiles:
        """The same bag, and where each of its rows lies.

        Raises:
            ReadError: for the first slide that cannot be used.
        """
        parts = [self._store.arrays(entry) for entry in rows]
        lengths = [len(part["features"]) for part in parts]
        return PlacedTiles(
            features=self._standardised([part["features"] for part in parts]),
            slide=np.repeat(np.arange(len(rows)), lengths),
            corner_um=np.concatenate([part["corner_um"] for part in parts]),
            corner_px=np.concatenate([part["corner_px"] for part in parts]),
            side_px=np.repeat([self._store.meta(entry)["side_px"] for entry in rows], lengths),
            tile_um=self._tile_um,
        )

    def size(self, patient: PatientId, rows: tuple[Entry, ...]) -> int:
        """Tiles of the patient."""
        return sum(int(self._store.meta(entry)["tiles"]) for entry in rows)

    def state(self) -> Mapping[str, Any]:
        """What made the features, and what standardises them."""
        return {"made_by": self._store.made_by(), **self._fitted().state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`.

        Raises:
            BundleError: where the features were made by another encoder or other tiles.
        """
        mine, theirs = self._store.made_by(), state.get("made_by")
        if theirs != mine:
            raise BundleError(f"its slide features were made by {theirs}, this run's by {mine}")
        self._scale = Scale.from_state(state)

    def _prepare_one(self, entry: Entry, report: Report) -> Fault | None:
        try:
            self._store.ensure(entry, report)
        except ReadError as error:
            message = f"{error.path}: {error.message}"
            return Fault(message, "manifest.csv", entry.line, entry.patient_id)
        return None

    def _standardised(self, parts: list[np.ndarray]) -> Float[Tensor, "tiles dim"]:
        return torch.from_numpy(self._fitted().apply(np.concatenate(parts)))

    def _fitted(self) -> Scale:
        if self._scale is None:
            raise ConfigError("slide features are not standardised yet: call fit or restore first")
        return self._scale
