"""How much of an epoch the network works, and how a whole volume is outlined in windows."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from torch import nn
from volume_apart import apart
from volume_files import Rows
from volume_samples import BOX, PATCH, Batches, monai, ours, source
from volume_turns import Line, Turns, peak, take_turns, timed, versus

from fusion.encoders.map_networks import map_network
from fusion.encoders.outline import outline
from fusion.encoders.tumour import TumourEncoder
from fusion.types import PatientId, Volumes

PATIENTS, AGAIN, BATCH = 6, 4, 2
"""Of the cohort; how often each is in an epoch; in a batch."""


class Learner:
    """A network so small that data could keep it waiting: some 40 ms for each patient here."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network = nn.Sequential(
            nn.Conv3d(4, 16, 4, stride=4), nn.GroupNorm(4, 16), nn.ReLU(),
            nn.Conv3d(16, 32, 3, padding=1), nn.GroupNorm(4, 32), nn.ReLU(),
            nn.Conv3d(32, 32, 3, padding=1, stride=2), nn.GroupNorm(4, 32), nn.ReLU(),
            nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(32, 2),
        )  # fmt: skip
        self.optimizer = torch.optim.AdamW(self.network.parameters())

    def step(self, image: torch.Tensor) -> None:
        target = torch.zeros(len(image), dtype=torch.long)
        loss = nn.functional.cross_entropy(self.network(image), target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def learn(learner: Learner, epoch: Batches) -> None:
    for image, _ in epoch():
        learner.step(image)


def at_hand() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The same batch again and again: what an epoch takes that waits for nothing."""
    image = torch.randn(BATCH, 4, *PATCH)
    return ((image, image) for _ in range(AGAIN * PATIENTS // BATCH))


def steps_of(epochs: Mapping[str, Batches]) -> dict[str, Callable[[], float]]:
    learner = Learner()
    return {name: timed(partial(learn, learner, one)) for name, one in epochs.items()}


def peer_epochs(files: Mapping[PatientId, Rows], folder: Path) -> dict[str, Callable[[], float]]:
    make = partial(monai, files=files, folder=folder, batch=BATCH, again=AGAIN)
    return steps_of(
        {
            "peers' compute": at_hand,
            "CacheDataset": make("CacheDataset", workers=0),
            "CacheDataset, 2 workers": make("CacheDataset", workers=2),
            "PersistentDataset": make("PersistentDataset", workers=2),
        }
    )


def epoch(files: Mapping[PatientId, Rows], folder: Path, repeats: int) -> Iterator[Line]:
    """Compute share: the time of the same steps on a batch at hand, of the epoch's time."""
    mri = source(folder / "cache")
    assert not mri.prepare(files)
    mine = steps_of({"compute": at_hand, "ours": ours(mri, files, batch=BATCH, again=AGAIN)})
    with apart(peer_epochs, files, folder / "as they come") as peers:
        yield from _epochs("E1", take_turns({**mine, **peers}, repeats), goals=True)
    peers = peer_epochs(files, folder / "helped")
    yield from _epochs("with our allocator,", take_turns({**mine, **peers}, repeats), goals=False)


def _epochs(what: str, turns: Turns, *, goals: bool) -> Iterator[Line]:
    peers = [name for name in turns if name not in ("compute", "ours", "peers' compute")]
    share = float(np.median(turns["compute"] / turns["ours"]))
    if goals:
        yield Line(f"{what} compute share of an epoch, two cores", "0.80", f"{share:.2f}",
                   share >= 0.8)  # fmt: skip
    for name in peers:
        theirs = float(np.median(turns["peers' compute"] / turns[name]))
        yield Line(f"{what} the share with {name}", "", f"{theirs:.2f}", None)
    best = min(peers[:2], key=lambda name: np.median(turns[name]))
    yield versus(f"{what} an epoch", turns, "ours", best, 2.0 if goals else None)
    yield versus(f"{what} an epoch", turns, "ours", peers[2], 2.8 if goals else None)


def windows(repeats: int) -> list[Line]:
    """`outline` of a whole volume, and MONAI's sliding window called directly."""
    torch.manual_seed(0)
    network = map_network("segresnet", channels=4, width=8, layers=(1, 1, 1, 1))
    encoder = TumourEncoder(network=network, channels=4, regions=3, dim=32, supervised=2).eval()
    volumes = Volumes(torch.randn(1, 4, *BOX), torch.ones(1, 4, dtype=torch.bool))

    def mine() -> torch.Tensor:
        with torch.inference_mode():
            return outline(encoder, volumes, window=PATCH, overlap=0.25, flips=False)[0]

    def theirs() -> torch.Tensor:
        with torch.inference_mode():
            found = sliding_window_inference(
                volumes.image,
                PATCH,
                sw_batch_size=4,
                predictor=lambda part: encoder.region_logits(
                    Volumes(part, volumes.channels.expand(len(part), -1))
                ),
                overlap=0.25,
                mode="gaussian",
            )
            assert isinstance(found, torch.Tensor)
            return torch.sigmoid(found)

    most = {name: peak(step) / 1e6 for name, step in (("ours", mine), ("theirs", theirs))}
    turns = take_turns({"ours": timed(mine), "MONAI": timed(theirs)}, repeats)
    gap = float((mine() - theirs()).abs().max())
    return [
        versus("outline in windows of 128, beside MONAI with 4 windows at a time", turns, "ours",
               "MONAI", None),
        Line("its memory", "", f"{most['ours']:.0f} MB against {most['theirs']:.0f} MB", None),
        Line("its probabilities, largest difference", "", f"{gap:.0e}", None),
    ]  # fmt: skip
