"""A cohort of volumes ten times as large as what a process may allocate trains all the same."""

import multiprocessing
import resource
from pathlib import Path

import torch
from volume_files import write_cohort
from volume_samples import ours, source
from volume_turns import Line, resident

PATIENTS = 80


def larger_than_memory(folder: Path) -> list[Line]:
    context = multiprocessing.get_context("spawn")  # a bare process, whose limit is its own
    with context.Pool(1) as pool:
        took, cohort, allowed = pool.apply(_train, (folder / "large",))
    ratio = cohort / allowed
    told = (f"{PATIENTS} patients, {cohort / 1e9:.2f} GB, by a process that may not allocate "
            f"more than {allowed / 1e6:.0f} MB; at most {took / 1e6:.0f} MB taken")  # fmt: skip
    return [Line("a cohort larger than memory", "10x", f"{ratio:.0f}x: {told}", ratio >= 10)]


def _train(folder: Path) -> tuple[int, int, int]:
    """Bytes that an epoch took, of the prepared cohort, and that it was allowed."""
    torch.set_num_threads(1)
    folder.mkdir()
    files = write_cohort(folder, 1)
    rows = next(iter(files.values()))
    mri = source(folder / "cache")
    everybody = {}
    for i in range(PATIENTS):  # other bytes, and so entries of their own
        who = type(next(iter(files)))(f"L-{i:03d}")
        mine = []
        for row in rows:
            path = folder / f"{who}_{row.path.name}"
            path.write_bytes(row.path.read_bytes() + bytes(i + 1))  # behind the voxels: padding
            mine.append(type(row)(**{**row.__dict__, "path": path, "patient_id": who}))
        everybody[who] = tuple(mine)
    faults = mri.prepare(everybody)
    assert not faults, faults[:3]
    cohort = sum(path.stat().st_size for path in (folder / "cache").rglob("*.safetensors"))
    before, allowed = resident(), cohort // 10
    data = _data_bytes() + allowed
    resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    most = before
    for _ in ours(mri, everybody, batch=1, again=1)():
        most = max(most, resident())
    return most - before, cohort, allowed


def _data_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmData in /proc/self/status")
