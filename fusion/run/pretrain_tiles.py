"""A patch encoder learned from one's own slides, without labels."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from rich.console import Console
from safetensors.torch import save_file

from fusion.data.cohort import Cohort
from fusion.data.prepare.patch_encoders.network import TileNetwork, check_name
from fusion.data.prepare.patch_encoders.own_model import CARD, WEIGHTS
from fusion.data.prepare.tiling import Tiling
from fusion.data.split import Split
from fusion.errors import ConfigError
from fusion.lit.contrast import LitContrast
from fusion.lit.learn_contrast import learn_contrast
from fusion.lit.seed import seed_everything
from fusion.report.publish import publish
from fusion.run.own_tiles import NOTES, TILES, gather_tiles
from fusion.run.pretrain_begun import begin
from fusion.run.pretrain_who import learned_from


@dataclass(frozen=True)
class Pretraining:
    """How to learn."""

    modality: str
    network: str
    tile_px: int
    mpp: float
    tiles_per_slide: int
    epochs: int
    batch: int
    lr: float
    temperature: float
    smallest: float
    stain: float
    seed: int
    accelerator: str


def pretrain_tiles(cohort: Cohort, split: Split | None, asked: Pretraining, out: Path) -> Path:
    """Learn from the training patients' tiles; a stopped training goes on where it was.

    Args:
        cohort: whose slides.
        split: whose training patients; None takes every patient of the cohort, and a run with
            this encoder then refuses to test on any of them.
        asked: how.
        out: gets `card.json` and `model.safetensors`, which patch_encoder=own reads.

    Returns:
        `out`.

    Raises:
        ConfigError: where nobody has such slides, they give fewer tiles than a batch, or `out`
            holds another pretraining.
    """
    check_name(asked.network)
    patients = set(cohort.patients) if split is None else set(split.train)
    files = {p: rows for p, rows in cohort.files(asked.modality).items() if p in patients}
    if not files:
        raise ConfigError(f"none of {len(patients)} patients has {asked.modality}")
    tiling = Tiling(
        tile_px=asked.tile_px,
        mpp=asked.mpp,
        stride_px=asked.tile_px,
        min_tissue=0.5,
        max_tiles=asked.tiles_per_slide,
        seed=asked.seed,
    )
    entries = [entry for rows in files.values() for entry in rows]
    tiles, faults = gather_tiles(entries, tiling, out / "work")
    say = Console().print
    for fault in faults:
        say(f"    {fault}")
    if len(tiles) < asked.batch:
        raise ConfigError(f"{len(tiles)} tiles, fewer than a batch of {asked.batch}; lower batch")
    mean, sd = channels(tiles)
    say(f"[bold]learning[/] from {len(tiles):,} tiles of {len(files)} patients")
    settings = {k: v for k, v in asdict(asked).items() if k != "accelerator"}
    begin(out / "work", settings | {"cohort": cohort.fingerprint()}, files)
    seed_everything(asked.seed)
    network = TileNetwork(asked.network)
    module = LitContrast(
        network=network,
        dim=network.dim,
        mean=mean,
        sd=sd,
        temperature=asked.temperature,
        smallest=asked.smallest,
        stain=asked.stain,
        lr=asked.lr,
        epochs=asked.epochs,
        seed=asked.seed,
    )
    learn_contrast(
        module,
        tiles,
        folder=out / "work",
        batch=asked.batch,
        epochs=asked.epochs,
        seed=asked.seed,
        accelerator=asked.accelerator,
    )
    card = {
        "network": asked.network,
        "tile_px": asked.tile_px,
        "mpp": asked.mpp,
        "mean": mean,
        "sd": sd,
        "dim": network.dim,
        "method": "SimCLR (Chen 2020)",
        "licence": "that of the slides it learned from",
        "settings": asdict(asked),
        "tiles": len(tiles),
        **learned_from(cohort, split, files),
    }
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, out / WEIGHTS)
    publish(out / CARD, (json.dumps(card, indent=2) + "\n").encode())
    shutil.copy(out / "work" / "history.csv", out / "history.csv")
    for name in (TILES, NOTES):
        (out / "work" / name).unlink()  # pixels of patients stay where the cohort is
    return out


def channels(tiles: UInt8[np.ndarray, "n h w 3"]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of red, green and blue, in [0, 1]; a part at a time."""
    total = square = np.zeros(3)
    for start in range(0, len(tiles), 256):
        part: Float[np.ndarray, "_ 3"] = tiles[start : start + 256].reshape(-1, 3) / 255.0
        total, square = total + part.sum(axis=0), square + (part**2).sum(axis=0)
    pixels = tiles[..., 0].size
    mean = total / pixels
    sd = np.sqrt(np.maximum(square / pixels - mean**2, 1e-6))
    return mean.tolist(), sd.tolist()
