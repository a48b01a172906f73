"""Slides of one modality: manifest rows -> tiles -> cache -> `Bags`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fusion.data.cohort import Entry, Files
from fusion.data.harmonise.centers import CenterEffects
from fusion.data.harmonise.stain_target import StainTarget
from fusion.data.harmonised import Harmoniser
from fusion.data.prepare.embedding import Report
from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.scale import Scale, fit_scale
from fusion.data.prepare.slide_store import SlideStore
from fusion.data.prepare.slide_work import each_slide
from fusion.data.prepare.tiling import Tiling
from fusion.data.sources.placed_tiles import PlacedTiles
from fusion.data.sources.region_classes import RegionClasses
from fusion.data.sources.tile_parts import tile_parts
from fusion.errors import BundleError, CohortError, ConfigError, Fault
from fusion.types import Bags, PatientId


class BagSource:
    """All tiles of all slides of a patient, in manifest order, are one bag.

    Tiles are encoded once by a frozen patch encoder and cached slide by slide in half precision;
    features are standardised by the tiles of the training patients. With a stain, `prepare` can
    only look at the colours before the training patients are known; `fit` then embeds.

    Args:
        encoder: turns tiles into features.
        tiling: which tiles; their size and microns per pixel must be what the encoder takes.
        cache: folder of the features.
        workers: slides prepared at a time, in threads, since libraries release the interpreter.
        context: encoders of what lies around each tile, each at coarser microns per pixel.
        half_size_decode: read JPEG tiles at half a level's size by a smaller DCT.
        stain: brings the colours of tiles to those of training.
        harmonise: takes the centre out of the standardised features, by the patients' means.
        regions: what sampled regions may be.

    Raises:
        ConfigError: for tiles that do not fit the encoders, or fewer than one worker.
    """

    def __init__(
        self,
        *,
        encoder: PatchEncoder,
        tiling: Tiling,
        cache: Path,
        workers: int = 2,
        context: Sequence[PatchEncoder] = (),
        half_size_decode: bool = False,
        stain: StainTarget | None = None,
        harmonise: CenterEffects | None = None,
        regions: RegionClasses | None = None,
    ) -> None:
        if workers < 1:
            raise ConfigError(f"workers is {workers}, expected at least 1")
        self.store = SlideStore(
            tiling=tiling,
            encoder=encoder,
            cache=Path(cache),
            context=context,
            stain=stain,
            half_size_decode=half_size_decode,
        )
        self._workers, self._stain, self._harmonise = workers, stain, harmonise
        self.regions, self.width = regions, self.store.width
        self.harmonisers: Sequence[Harmoniser] = [h for h in (stain, harmonise) if h is not None]
        self._scale: Scale | None = None
        self._files: Files = {}

    def prepare(self, files: Files) -> list[Fault]:
        """Embed every slide that the cache lacks; stopped work goes on with the next slide.

        With a stain that has no target yet, only look at every slide's colours.

        Raises:
            CacheError: where the cache cannot be written, because that stops every slide.
            ConfigError: where the patch encoder cannot be used.
        """
        if self._stain is None or self._stain.ready:
            faults = self._each(files, self.store.ensure, "slides")
        else:
            faults = self._each(files, self.store.ensure_profile, "stains of slides")
        faults += [] if self.regions is None else self.regions.faults(files)
        if self._harmonise is not None:
            faults += self._harmonise.prepare(files)
        faulty = {fault.patient for fault in faults}
        self._files = {p: rows for p, rows in files.items() if p not in faulty}
        return faults if self._scale is None else [*faults, *self._meet(self._files)]

    def fit(self, files: Files) -> None:
        """Stain, then mean and standard deviation of each feature over tiles, then centres.

        With a stain, all slides that were prepared are embedded now, with a progress bar.

        Raises:
            ConfigError: where these patients have no tile.
            ReadError: for a slide that cannot be used.
            CohortError: for slides that cannot be embedded, or patients of a centre that
                harmonising must not meet.
        """
        if not files:
            raise ConfigError("no training patient has a slide: nothing to standardise features by")
        training = dict(sorted(files.items()))
        everybody = {**self._files, **training}
        if self._stain is not None:
            self._stain.fit([[self.store.profile(e) for e in r] for r in training.values()])
            if faults := self._each(everybody, self.store.ensure, "slides"):
                raise CohortError("slides", faults)
        self._scale = fit_scale(s for rows in training.values() for s in self._stored(rows))
        if self._harmonise is not None:
            self._harmonise.fit(training, self._means)
        if faults := self._meet(everybody):
            raise CohortError("ComBat", faults)

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Bags:
        """One patient's bag; a slide that the cache lacks is embedded now.

        Raises:
            ReadError: for the first slide that cannot be used.
        """
        slides = self._stored(rows)
        bag, tiles = self._features(patient, rows, slides), [len(slide) for slide in slides]
        labels = None if self.regions is None else self.regions.of_tiles(rows, tiles)
        return Bags(bag, torch.tensor([0, len(bag)]), tile_parts(rows, tiles), labels)

    def tiles(self, patient: PatientId, rows: tuple[Entry, ...]) -> PlacedTiles:
        """The same bag, and where each of its rows lies; raises as `load` does."""
        slides = [self.store.arrays(entry) for entry in rows]
        about = [self.store.meta(entry) for entry in rows]
        bag = self._features(patient, rows, [slide["features"] for slide in slides])
        return PlacedTiles.of(bag, slides, about)

    def size(self, patient: PatientId, rows: tuple[Entry, ...]) -> int:
        """Tiles of the patient."""
        return sum(int(self.store.meta(entry)["tiles"]) for entry in rows)

    def state(self) -> Mapping[str, Any]:
        """What made the features, and what standardises and harmonises them."""
        return {
            "made_by": self.store.made_by(),
            "stain": None if self._stain is None else self._stain.state(),
            "harmonise": None if self._harmonise is None else self._harmonise.state(),
            **self._fitted().state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`.

        Raises:
            BundleError: where the features were made by another encoder or other tiles.
        """
        if self._stain is not None and state.get("stain"):
            self._stain.restore(state["stain"])
        mine, theirs = self.store.made_by(), state.get("made_by")
        if theirs != mine:
            raise BundleError(f"its slide features were made by {theirs}, this run's by {mine}")
        self._scale = Scale.from_state(state)
        if self._harmonise is not None:
            self._harmonise.restore(state["harmonise"])

    def _each(self, files: Files, do: Callable[[Entry, Report], None], title: str) -> list[Fault]:
        entries = [entry for rows in files.values() for entry in rows]
        return each_slide(entries, do, workers=self._workers, title=title)

    def _meet(self, files: Files) -> list[Fault]:
        return [] if self._harmonise is None else self._harmonise.meet(files, self._means)

    def _means(self, files: Files) -> Float[np.ndarray, "patients dim"]:
        every = map(self._stored, files.values())
        return np.stack([self._standardised(s).mean(axis=0, dtype=np.float64) for s in every])

    def _stored(self, rows: tuple[Entry, ...]) -> list[np.ndarray]:
        return [self.store.arrays(entry)["features"] for entry in rows]

    def _standardised(self, slides: Sequence[np.ndarray]) -> Float[np.ndarray, "tiles dim"]:
        return self._fitted().apply(np.concatenate(slides))

    def _features(
        self, patient: PatientId, rows: tuple[Entry, ...], slides: Sequence[np.ndarray]
    ) -> Float[Tensor, "tiles dim"]:
        features = self._standardised(slides)
        if self._harmonise is not None:
            factor, summand = self._harmonise.map(patient, rows[0].center)
            features = features * factor + summand
        return torch.from_numpy(features.astype(np.float32))

    def _fitted(self) -> Scale:
        if self._scale is None:
            raise ConfigError("slide features are not standardised yet: call fit or restore first")
        return self._scale
