"""Training samples from this project's cache and from peers: 128^3 of 4 sequences and an outline.

Each is drawn at random, flipped along each axis by the toss of a coin, and its intensities are
scaled and shifted. Ours is what `train.py` does: `VolumeSource.draw` behind the loader with its
prefetching thread, then `augment`. MONAI's datasets run the chain of MONAI's own transforms, whose
deterministic part `CacheDataset` keeps in memory and `PersistentDataset` on the disk. The layout of
nnU-Net v2 is written here with blosc2: float32, blocks of 16 KB with all channels that fit the
first cache, chunks of 1 MB, mapped from the disk and unpacked by one thread.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import blosc2
import numpy as np
import pandas as pd
import torch
from monai.data import CacheDataset, PersistentDataset
from monai.data import DataLoader as MonaiLoader
from monai.data import Dataset as MonaiDataset
from monai.transforms import (
    Compose,
    CropForegroundd,
    EnsureChannelFirstd,
    LoadImaged,
    NormalizeIntensityd,
    Orientationd,
    RandFlipd,
    RandScaleIntensityd,
    RandShiftIntensityd,
    RandSpatialCropd,
)  # fmt: skip
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from volume_files import SEQUENCES, Rows

from fusion.config.run import LoaderConfig
from fusion.data.augment_volume import augment
from fusion.data.cohort import Cohort
from fusion.data.dataset import PatientDataset
from fusion.data.sources.volume import VolumeSource
from fusion.run.loading import ahead, load
from fusion.types import Center, Modality, PatientId, Volumes

PATCH = (128, 128, 128)
BOX = (144, 180, 150)
"""Holds every head, as the crop of MONAI's chain does."""

MRI = Modality("mri")
AXES = (2, 3, 4)
Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]
"""One epoch: images and outlines."""


def source(cache: Path, workers: int = 2) -> VolumeSource:
    return VolumeSource(
        sequences=SEQUENCES,
        spacing_mm=1.0,
        shape=BOX,
        normalise="brain_zscore",
        crop="foreground",
        cache=cache,
        workers=workers,
        regions=("WT", "TC", "ET"),
        patch=PATCH,
        foreground=0.67,
    )


def ours(mri: VolumeSource, files: Mapping[PatientId, Rows], *, batch: int, again: int) -> Batches:
    """Every patient `again` times, as others of the same files."""
    entries = {
        PatientId(f"{who}.{i}"): {MRI: rows} for i in range(again) for who, rows in files.items()
    }
    cohort = Cohort(
        name="heads",
        root=Path("/"),
        centers=dict.fromkeys(entries, Center("A")),
        entries=entries,
        targets=pd.DataFrame(index=list(entries)),
    )
    dataset = PatientDataset(
        cohort=cohort, patients=list(entries), sources={"mri": mri}, labels={}, excluded={}
    )
    config = LoaderConfig(patients=batch, rows=10**6, workers=0, prefetch=2)
    loader = ahead(load(dataset, config, seed=0), config)
    generator = torch.Generator().manual_seed(0)

    def epoch() -> Iterator[tuple[Tensor, Tensor]]:
        for found in loader:
            volumes = found.inputs[MRI]
            assert isinstance(volumes, Volumes)
            changed = augment(volumes, generator, flip_axes=AXES)
            assert changed.regions is not None
            yield changed.image, changed.regions

    return epoch


KEYS = ("image", "label")


def deterministic() -> list[Callable]:
    return [
        LoadImaged(KEYS),
        EnsureChannelFirstd(KEYS),
        Orientationd(KEYS, axcodes="RAS", labels=(("L", "R"), ("P", "A"), ("I", "S"))),
        CropForegroundd(KEYS, source_key="image", allow_smaller=True),
        NormalizeIntensityd("image", nonzero=True, channel_wise=True),
    ]


def randomised() -> list[Callable]:
    return [
        RandSpatialCropd(KEYS, PATCH, random_size=False),
        *(RandFlipd(KEYS, prob=0.5, spatial_axis=axis) for axis in range(3)),
        RandScaleIntensityd("image", factors=0.1, prob=1.0),
        RandShiftIntensityd("image", offsets=0.1, prob=1.0),
    ]


def listed(files: Mapping[PatientId, Rows]) -> list[dict]:
    return [
        {"image": [str(row.path) for row in rows[:-1]], "label": str(rows[-1].path)}
        for rows in files.values()
    ]


def monai(
    kind: str,
    files: Mapping[PatientId, Rows],
    folder: Path,
    *,
    batch: int,
    again: int,
    workers: int,
) -> Batches:
    chain = Compose([*deterministic(), *randomised()])
    match kind:
        case "Dataset":
            data = MonaiDataset(listed(files), chain)
        case "CacheDataset":
            data = CacheDataset(listed(files), chain, num_workers=1, progress=False)
        case _:
            data = PersistentDataset(listed(files), chain, cache_dir=folder / "persistent")
    order = [i for _ in range(again) for i in range(len(files))]
    loader = MonaiLoader(data, batch_size=batch, sampler=order, num_workers=workers)
    return lambda: ((found["image"].as_tensor(), found["label"].as_tensor()) for found in loader)


LABEL_LAYOUT = (1, 32, 32, 32), (1, 64, 128, 128)


class Blosc(Dataset):
    """Patches out of compressed blocks."""

    blocks, chunks = (4, 8, 8, 16), (4, 32, 32, 64)

    def __init__(self, files: Mapping[PatientId, Rows], folder: Path, codec: str) -> None:
        blosc2.set_nthreads(1)
        folder.mkdir(parents=True, exist_ok=True)
        self.paths, self.rng = [], np.random.default_rng(0)
        chain = Compose(deterministic())
        settings = {"codec": blosc2.Codec[codec], "clevel": 8}
        for who, item in zip(files, listed(files), strict=True):
            made = chain(item)
            layouts = {"image": (self.blocks, self.chunks), "label": LABEL_LAYOUT}
            for name, (blocks, chunks) in layouts.items():
                path = folder / f"{who}_{name}.b2nd"
                array = np.ascontiguousarray(made[name].numpy(), "f4" if name == "image" else "i1")
                blosc2.asarray(array, urlpath=str(path), blocks=blocks, chunks=chunks,
                               cparams=settings, mmap_mode="w+")  # fmt: skip
            self.paths.append(folder / str(who))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        image, label = (blosc2.open(f"{self.paths[i]}_{name}.b2nd", mmap_mode="r") for name in KEYS)
        room = np.array(image.shape[1:]) - PATCH
        start = self.rng.integers(0, room + 1).tolist()
        box = (slice(None), *(slice(a, a + n) for a, n in zip(start, PATCH, strict=True)))
        pixels, drawn = torch.from_numpy(image[box]), torch.from_numpy(label[box])
        axes = [axis for axis in (1, 2, 3) if self.rng.random() < 0.5]
        if axes:
            pixels, drawn = pixels.flip(axes), drawn.flip(axes)
        gain, offset = self.rng.uniform(0.9, 1.1), self.rng.uniform(-0.1, 0.1)
        return pixels.mul_(gain).add_(offset), drawn


def blosc(files: Mapping[PatientId, Rows], folder: Path, codec: str) -> Batches:
    loader = DataLoader(Blosc(files, folder / codec, codec), batch_size=1)
    return lambda: iter(loader)


def seconds_each(epoch: Batches, most: int) -> Callable[[], float]:
    """A sample's seconds, over up to so many of an epoch."""

    def run() -> float:
        start, done = time.perf_counter(), 0
        for image, label in epoch():
            assert image.shape[-3:] == label.shape[-3:] == PATCH
            done += 1
            if done == most:
                break
        return (time.perf_counter() - start) / done

    return run


def peer_samples(files: Mapping[PatientId, Rows], folder: Path) -> dict[str, Callable[[], float]]:
    """A turn of each peer; whoever calls this says how many threads there are."""
    torch.set_num_threads(1)
    epochs = {
        kind: monai(kind, files, folder, batch=1, again=1, workers=0)
        for kind in ("Dataset", "PersistentDataset", "CacheDataset")
    }
    epochs |= {f"blosc2 {codec}": blosc(files, folder, codec) for codec in ("LZ4HC", "ZSTD")}
    return {
        name: seconds_each(epoch, 2 if name == "Dataset" else 6) for name, epoch in epochs.items()
    }
