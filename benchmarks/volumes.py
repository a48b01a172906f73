"""Volumes from disk to network, beside MONAI and the layout of nnU-Net v2: a table of goals.

    pip install blosc2
    python benchmarks/volumes.py                  # some 10 minutes; prints a table in Markdown
    python benchmarks/volumes.py --only samples --repeats 9

Six heads like BraTS's are written into a temporary folder (`volume_files.py`). Ratios are medians,
over turns, of the ratio within a turn, after a turn that does not count; files are in the page
cache. Ours runs as `train.py` does, with its allocator; peers run as they come, in a process of
their own (`volume_apart.py`), and once more beside ours with that allocator. What is compared
stands in `volume_samples.py`, `volume_chain.py`, `volume_epoch.py` and `volume_large.py`.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
import volume_chain
import volume_epoch
import volume_large
from volume_apart import apart
from volume_files import Rows, write_cohort
from volume_samples import PATCH, ours, peer_samples, seconds_each, source
from volume_turns import Line, milliseconds, one_core, take_turns, timed, versus

from fusion.run.allocator import keep_freed_memory
from fusion.types import PatientId

GOALS = {"Dataset": 60.0, "PersistentDataset": 9.0, "CacheDataset": 6.0, "blosc2 LZ4HC": 3.0,
         "blosc2 ZSTD": None}  # fmt: skip


def samples(files: Mapping[PatientId, Rows], folder: Path, repeats: int) -> Iterator[Line]:
    mri = source(folder / "cache")
    assert not mri.prepare(files)
    one, other = torch.rand(4, *PATCH), torch.empty(4, *PATCH)
    mine = {
        "ours": seconds_each(ours(mri, files, batch=1, again=2), 12),
        "memcpy": timed(lambda: other.copy_(one), times=10),
    }
    with one_core(), apart(peer_samples, files, folder / "as they come") as peers:
        turns = take_turns({**mine, **peers}, repeats)
    for peer, least in GOALS.items():
        yield versus("R1 training sample, one core", turns, "ours", peer, least)
    limit = float((turns["ours"] / turns["memcpy"]).mean())
    shown = f"{limit:.1f}x ({milliseconds(turns, 'memcpy')})"
    yield Line("R1 beside a copy of its floats in memory", "at most 3x", shown, limit <= 3)
    with one_core():
        turns = take_turns({**mine, **peer_samples(files, folder / "helped")}, repeats)
    for peer in GOALS:
        yield versus("the same, peers with our allocator", turns, "ours", peer, None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parts = ("samples", "chain", "cohort", "augmentation", "epoch", "windows", "large")
    parser.add_argument("--only", choices=parts, action="append")
    chosen = parser.parse_args()
    keep_freed_memory()  # as train.py does
    wanted = chosen.only or parts
    print("| what | goal | measured | |\n|---|---|---|---|", flush=True)
    missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_cohort(folder, 6)
        few = max(3, chosen.repeats // 2)
        runs = {
            "samples": lambda: samples(files, folder, chosen.repeats),
            "chain": lambda: volume_chain.chain(files, chosen.repeats),
            "cohort": lambda: volume_chain.cohort(files, folder / "cohort", few),
            "augmentation": lambda: volume_chain.augmentation(chosen.repeats),
            "epoch": lambda: volume_epoch.epoch(files, folder, few),
            "windows": lambda: volume_epoch.windows(few),
            "large": lambda: volume_large.larger_than_memory(folder),
        }
        for part in wanted:
            for line in runs[part]():
                print(line, flush=True)
                missed |= line.met is False
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
