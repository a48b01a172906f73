"""From files to prepared volumes, and what augmentation costs, beside MONAI's own transforms."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from monai.transforms import (
    Compose,
    RandAdjustContrastd,
    RandAffined,
    RandGaussianNoised,
)
from volume_files import SEQUENCES, Rows
from volume_samples import BOX, KEYS, deterministic, listed, source
from volume_turns import Line, one_core, take_turns, timed, versus

from fusion.data.contrast_volume import add_noise, change_gamma
from fusion.data.prepare import volume_grid as grid
from fusion.data.prepare.volume_intensity import brain_zscore
from fusion.data.prepare.volume_rows import read_row
from fusion.data.prepare.volumes import VolumePreparation
from fusion.data.warp_volume import Warp, warp
from fusion.types import PatientId, Volumes

PREPARATION = VolumePreparation(
    sequences=SEQUENCES,
    spacing_mm=(1.0, 1.0, 1.0),
    shape=BOX,
    normalise="brain_zscore",
    hu_window=None,
    crop="foreground",
)


def prepare(rows: Rows) -> np.ndarray:
    """What `VolumeStore` does for a patient short of writing it down."""
    read = {row.sequence: read_row(row) for row in rows}
    return PREPARATION.make("P", {n: read[n] for n in SEQUENCES}, read["mask"]).image


def apart(rows: Rows) -> tuple[float, float]:
    """Largest difference from MONAI's numbers: in single precision, and as the cache keeps them."""
    theirs = Compose(deterministic())(listed({PatientId("P"): rows})[0])["image"].numpy()
    kept, single, half = prepare(rows), 0.0, 0.0
    for channel, row in enumerate(rows[:-1]):
        file = read_row(row)
        mine = brain_zscore(np.ascontiguousarray(grid.to_ras(file.array, file.affine)[0]))
        box = grid.bounds(mine != 0)
        assert box is not None
        mine = mine[box]
        single = max(single, float(np.abs(mine - theirs[channel]).max()))
        middle = (np.array(mine.shape, dtype=np.float64) - 1) / 2
        boxed = grid.cut(theirs[channel], middle, BOX)
        half = max(half, float(np.abs(kept[channel].astype(np.float32) - boxed).max()))
    return single, half


def chain(files: Mapping[PatientId, Rows], repeats: int) -> list[Line]:
    rows = next(iter(files.values()))
    compose, item = Compose(deterministic()), listed(files)[0]
    steps = {"ours": timed(lambda: prepare(rows)), "MONAI": timed(lambda: compose(dict(item)))}
    with one_core():
        turns = take_turns(steps, repeats)
    single, half = apart(rows)
    return [
        versus("R2 decode, orient, crop, normalise, one core", turns, "ours", "MONAI", 2.5),
        Line("R2 its numbers, beside MONAI's", "1e-5", f"{single:.1e}", single <= 1e-5),
        Line("the same, as the cache keeps them (half precision)", "", f"{half:.1e}", None),
    ]


def cohort(files: Mapping[PatientId, Rows], folder: Path, repeats: int) -> list[Line]:
    def fill(workers: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        faults = source(folder, workers).prepare(files)
        assert not faults, faults

    steps = {f"{n} at a time": timed(lambda n=n: fill(n)) for n in (2, 1)}
    turns = take_turns(steps, repeats)
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors")) / len(files)
    raw = sum(row.path.stat().st_size for rows in files.values() for row in rows) / len(files)
    told = f"{size / 1e6:.0f} MB in the cache, {raw / 1e6:.1f} MB of files"
    whole = {name: values / len(files) for name, values in turns.items()}
    return [
        versus("a patient of a cohort into the cache, two cores", whole, *steps, None),
        Line("disk for a patient", "", told, None),
    ]


def augmentation(repeats: int) -> list[Line]:
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 4, *BOX, generator=generator)
    image[:, :, :20] = 0
    regions = torch.randint(0, 8, (1, *BOX), dtype=torch.uint8, generator=generator)
    volumes = Volumes(image, torch.ones(1, 4, dtype=torch.bool), regions, torch.ones(1, 3).bool())
    item = {"image": image[0], "label": regions.float()}
    always = Warp(chance=1.0, rotate_degrees=15.0, zoom=0.1, spacing_mm=(1.0, 1.0, 1.0))
    turned = RandAffined(
        KEYS, prob=1.0, rotate_range=(0.26,) * 3, scale_range=(0.1,) * 3,
        mode=("bilinear", "nearest"), padding_mode="zeros",
    )  # fmt: skip
    noisy = RandGaussianNoised("image", prob=1.0, std=0.1)
    bent = RandAdjustContrastd("image", prob=1.0, gamma=(0.7, 1.5), retain_stats=True)
    pairs = {
        "R3 turn and zoom of image and outline": (
            lambda: warp(volumes, generator, always), lambda: turned(dict(item)), "RandAffined", 2.0
        ),
        "noise": (
            lambda: add_noise(image, generator, 0.1), lambda: noisy(dict(item)),
            "RandGaussianNoised", None
        ),
        "gamma": (
            lambda: change_gamma(image, generator, 0.4), lambda: bent(dict(item)),
            "RandAdjustContrastd", None
        ),
    }  # fmt: skip
    lines = []
    for name, (mine, theirs, peer, least) in pairs.items():
        steps = {"ours": timed(mine), peer: timed(theirs)}
        with one_core():
            alone = take_turns(steps, repeats)
        lines.append(
            versus(f"{name}, two threads", take_turns(steps, repeats), "ours", peer, least)
        )
        lines.append(versus(f"{name}, one core", alone, "ours", peer, None))
    return lines
