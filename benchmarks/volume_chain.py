"""From files to prepared volumes, and what augmentation costs, beside MONAI's own transforms."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from monai.transforms import (
    Compose,
    RandAdjustContrastd,
    RandAffined,
    RandGaussianNoised,
)
from volume_apart import apart
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


def differ(rows: Rows) -> tuple[float, float]:
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


def peer_chain(files: Mapping[PatientId, Rows]) -> dict[str, Callable[[], float]]:
    torch.set_num_threads(1)
    compose, item = Compose(deterministic()), listed(files)[0]
    return {"MONAI": timed(lambda: compose(dict(item)))}


def chain(files: Mapping[PatientId, Rows], repeats: int) -> Iterator[Line]:
    rows = next(iter(files.values()))
    mine = {"ours": timed(lambda: prepare(rows))}
    what = "decode, orient, crop, normalise, one core"
    with one_core():
        with apart(peer_chain, files) as peers:
            turns = take_turns({**mine, **peers}, repeats)
        helped = take_turns({**mine, **peer_chain(files)}, repeats)
    yield versus(f"R2 {what}", turns, "ours", "MONAI", 2.5)
    yield versus("the same, MONAI with our allocator", helped, "ours", "MONAI", None)
    single, half = differ(rows)
    yield Line("R2 its numbers, beside MONAI's", "1e-5", f"{single:.1e}", single <= 1e-5)
    yield Line("the same, as the cache keeps them (half precision)", "", f"{half:.1e}", None)


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


def _example() -> Volumes:
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 4, *BOX, generator=generator)
    image[:, :, :20] = 0
    regions = torch.randint(0, 8, (1, *BOX), dtype=torch.uint8, generator=generator)
    return Volumes(image, torch.ones(1, 4, dtype=torch.bool), regions, torch.ones(1, 3).bool())


def peer_augmentation(threads: int) -> dict[str, Callable[[], float]]:
    torch.set_num_threads(threads)
    volumes = _example()
    assert volumes.regions is not None
    item = {"image": volumes.image[0], "label": volumes.regions.float()}
    transforms = {
        "RandAffined": RandAffined(
            KEYS, prob=1.0, rotate_range=(0.26,) * 3, scale_range=(0.1,) * 3,
            mode=("bilinear", "nearest"), padding_mode="zeros",
        ),
        "RandGaussianNoised": RandGaussianNoised("image", prob=1.0, std=0.1),
        "RandAdjustContrastd": RandAdjustContrastd(
            "image", prob=1.0, gamma=(0.7, 1.5), retain_stats=True
        ),
    }  # fmt: skip
    return {name: timed(lambda t=each: t(dict(item))) for name, each in transforms.items()}


def augmentation(repeats: int) -> Iterator[Line]:
    generator, volumes = torch.Generator().manual_seed(0), _example()
    image = volumes.image
    always = Warp(chance=1.0, rotate_degrees=15.0, zoom=0.1, spacing_mm=(1.0, 1.0, 1.0))
    mine = {
        "turn and zoom": timed(lambda: warp(volumes, generator, always)),
        "noise": timed(lambda: add_noise(image, generator, 0.1)),
        "gamma": timed(lambda: change_gamma(image, generator, 0.4)),
    }
    pairs = (
        ("R3 turn and zoom of image and outline", "turn and zoom", "RandAffined", 2.0),
        ("noise", "noise", "RandGaussianNoised", None),
        ("gamma", "gamma", "RandAdjustContrastd", None),
    )
    for threads, where in ((2, nullcontext()), (1, one_core())):
        with where, apart(peer_augmentation, threads) as peers:
            turns = take_turns({**mine, **peers}, repeats)
        for what, ours, peer, least in pairs:
            said = f"{what}, {threads} thread{'s' * (threads > 1)}"
            yield versus(said, turns, ours, peer, least if threads == 2 else None)
