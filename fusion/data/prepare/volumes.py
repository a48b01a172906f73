"""A patient's sequences -> one array of channels on one grid, the same bytes every time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float16, Float64, UInt8

from fusion.data.harmonise.nyul import landmarks_of
from fusion.data.prepare import volume_grid as grid
from fusion.data.prepare.volume_intensity import FlatIntensity, brain_zscore, hu_window
from fusion.data.prepare.volume_same_grid import check_grids
from fusion.data.readers.volume import VolumeFile
from fusion.errors import ConfigError, ReadError

NORMALISATIONS = ("brain_zscore", "hu_window")
CROPS = ("center", "foreground", "tumour")


@dataclass(frozen=True)
class PreparedVolume:
    """What goes into the cache for one patient."""

    image: Float16[np.ndarray, "channels x y z"]
    channels: Bool[np.ndarray, " channels"]
    mask: UInt8[np.ndarray, "x y z"] | None
    meta: Mapping[str, Any]
    """`crop`: which rule placed the box; `affine`: index in the box -> mm; `native_affine`,
    `native_shape`: of the files; `units_known`; `landmarks`: of each whole brain, before crop;
    `clipped`: foreground voxels, on the prepared grid, that lie outside the box."""


@dataclass(frozen=True, kw_only=True)
class VolumePreparation:
    """Orientation to RAS, intensities, spacing, crop or pad, in this order.

    Raises:
        ConfigError: for a value that does not exist or does not fit.
    """

    sequences: Sequence[str]
    spacing_mm: Sequence[float] | None
    """None keeps the grid of the files, and takes files whose spacing is not known."""
    shape: Sequence[int]
    normalise: str
    hu_window: Sequence[float] | None
    crop: str

    def __post_init__(self) -> None:
        names, spacing, window = list(self.sequences), self.spacing_mm, self.hu_window
        _known("normalise", self.normalise, NORMALISATIONS)
        _known("crop", self.crop, CROPS)
        if not names or len(set(names)) < len(names) or "mask" in names:
            raise ConfigError(
                f"sequences {names}: name each channel once, at least one, and never `mask`"
            )
        if spacing is not None and (len(spacing) != 3 or not all(0 < s <= 50 for s in spacing)):
            raise ConfigError(f"spacing_mm {spacing}: give 1 or 3 numbers above 0, up to 50")
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ConfigError(f"shape {self.shape}: give 3 numbers of voxels, 1 or more")
        if (window is not None) != (self.normalise == "hu_window"):
            raise ConfigError(
                f"normalise {self.normalise!r} with hu_window {window}: give a window (low, high) "
                "with normalise 'hu_window', and only then"
            )
        if window is not None and (len(window) != 2 or not window[0] < window[1]):
            raise ConfigError(f"hu_window {window}: give (low, high), low below high")

    def make(
        self, patient: str, images: Mapping[str, VolumeFile], mask: VolumeFile | None
    ) -> PreparedVolume:
        """Prepare the sequences that a patient has; the others are absent channels.

        Raises:
            ReadError: where grids differ, where a spacing is wanted of files that have none, and
                where an image has no contrast.
        """
        first = next(iter(images.values()))
        check_grids(patient, list(images.values()), mask)
        if self.spacing_mm is not None and not first.units_known:
            raise ReadError(
                first.path,
                "neither sform_code nor qform_code is set, so that its spacing is not known; write "
                "the true affine into the file, or keep the grid as it is (spacing_mm: null)",
                patient,
            )
        turned = {name: self._oriented(file) for name, file in images.items()}
        labels = self._oriented(mask) if mask else None
        full, grid_affine = next(iter(turned.values()))
        whole = grid.whole(full.shape)
        found = [grid.bounds(self._foreground(image)) for image, _ in turned.values()]
        tight = grid.around([box for box in found if box is not None] or [whole])
        crop, centre_mm = self._centre(tight, labels, full.shape, grid_affine)
        boxes = np.zeros((len(self.sequences), *self.shape), dtype=np.float16)
        channels = np.array([name in images for name in self.sequences])
        landmarks, clipped = {}, 0
        for row, name in enumerate(self.sequences):
            if name in turned:
                image, affine = turned[name]
                # outside the brain all is 0 and stays so; resampling wants the file's whole grid
                cropped = self.hu_window is None and grid.fits(affine, self.spacing_mm)
                part = tight if cropped else whole
                scaled = self._scaled(np.ascontiguousarray(image[part]), images[name], patient)
                if self.hu_window is None:
                    landmarks[name] = landmarks_of(scaled)
                if self.spacing_mm is not None:
                    scaled, affine = grid.resample(scaled, affine, self.spacing_mm)
                centre = grid.to_index(centre_mm, affine)
                box = grid.cut(scaled, centre - [side.start for side in part], self.shape)
                half = torch.from_numpy(box).half()  # in a tenth of numpy's time
                boxes[row] = half
                outside = int(np.count_nonzero(scaled != 0)) - int(half.count_nonzero())
                clipped = max(clipped, outside)
        origin = grid.to_mm(np.array(grid.corner(centre, self.shape), dtype=np.float64), affine)
        box_affine = affine.copy()
        box_affine[:3, 3] = origin
        meta = {
            "crop": crop,
            "affine": box_affine.tolist(),
            "native_affine": first.affine.tolist(),
            "native_shape": list(first.array.shape),
            "units_known": first.units_known,
            "landmarks": landmarks,
            "clipped": clipped,
        }
        return PreparedVolume(boxes, channels, self._labels(labels, centre_mm), meta)

    def _oriented(self, file: VolumeFile) -> tuple[grid.Image, grid.Affine]:
        if not file.units_known:
            return file.array, file.affine
        return grid.to_ras(file.array, file.affine)

    def _scaled(self, image: grid.Image, file: VolumeFile, patient: str) -> grid.Image:
        try:
            if self.hu_window is not None:
                return hu_window(image, *self.hu_window)
            return brain_zscore(image)
        except FlatIntensity as error:
            raise ReadError(file.path, str(error), patient) from error

    def _foreground(self, image: grid.Image) -> Bool[np.ndarray, "x y z"]:
        return image != 0 if self.hu_window is None else image > self.hu_window[0]

    def _centre(
        self,
        tight: grid.Box,
        labels: tuple[grid.Image, grid.Affine] | None,
        shape: Sequence[int],
        affine: grid.Affine,
    ) -> tuple[str, Float64[np.ndarray, "3"]]:
        """Which rule placed the box, and its centre in mm."""
        if self.crop == "tumour" and labels is not None and labels[0].any():
            return "tumour", grid.to_mm(np.argwhere(labels[0] > 0).mean(axis=0), labels[1])
        if self.crop == "center":
            return "center", grid.to_mm((np.array(shape) - 1) / 2, affine)
        middle = [(side.start + side.stop - 1) / 2 for side in tight]
        return "foreground", grid.to_mm(np.array(middle), affine)

    def _labels(
        self,
        labels: tuple[grid.Image, grid.Affine] | None,
        centre_mm: Float64[np.ndarray, "3"],
    ) -> UInt8[np.ndarray, "u v w"] | None:
        if labels is None:
            return None
        image, affine = labels
        if self.spacing_mm is not None:
            image, affine = grid.resample_labels(image, affine, self.spacing_mm)
        return grid.cut(image, grid.to_index(centre_mm, affine), self.shape).astype(np.uint8)


def _known(option: str, value: str, names: Sequence[str]) -> None:
    if value not in names:
        near = get_close_matches(value, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"{option} {value!r} does not exist, there are {', '.join(names)}{hint}")
