"""What a network was shown of a volume, and what it made of it."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32

from fusion.data.hide_blocks import hide_blocks
from fusion.lit.masked import DrawnVolumes, LitMasked
from fusion.report.drawing import grid, png, style

SHOWN = 3
"""Patients, or fewer where there are fewer."""

COLUMNS = ("original", "shown to the network", "filled in by the network", "difference")


@torch.no_grad()
def picture(module: LitMasked, volumes: DrawnVolumes, sequences: Sequence[str]) -> bytes:
    """A row for each of a few training patients, through the middle of what is in the image.

    Args:
        module: after training.
        volumes: that it learned from.
        sequences: names of the channels; the first that a patient has is drawn.

    Returns:
        A PNG; the patient's right is on the left, and what was visible is shown as it is.
    """
    module.eval()
    patients = len(volumes.patients)
    chosen = range(0, patients, max(1, patients // SHOWN))[:SHOWN]
    with style():
        figure, rows = grid(height_cm=4.6 * len(chosen), columns=4, ratios=[1.0] * len(chosen))
        for row, at in zip(rows, chosen, strict=True):
            batch = volumes[[(0, at * volumes.draws)]]
            draw = torch.Generator().manual_seed(module.seed + at)
            hidden = hide_blocks(batch, draw, block=module.block, ratio=module.ratio)
            found = module.model(batch, hidden)
            channel = int(batch.channels[0].int().argmax())
            truth = batch.image[0, channel].numpy()
            dark, told = hidden[0].numpy(), found[0, channel].numpy()
            z = int((truth != 0).sum(axis=(0, 1)).argmax())
            low, high = np.percentile(truth, [1, 99.5])
            whole, seen = np.where(dark, told, truth), np.where(dark, np.nan, truth)
            for axes, part in zip(row, (truth, seen, whole), strict=False):
                axes.set_facecolor("#5a7fb5")
                axes.imshow(_axial(part, z), cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
            wide = float(np.abs(truth).max()) or 1.0
            row[3].imshow(_axial(whole - truth, z), cmap="RdBu_r", vmin=-wide, vmax=wide)
            row[0].set_ylabel(f"{sequences[channel]}, slice {z}", fontsize=7)
            for axes in row:
                axes.set(xticks=[], yticks=[])
        rows[0][0].text(0.02, 0.5, "R", transform=rows[0][0].transAxes, color="white", fontsize=7)
        for axes, name in zip(rows[0], COLUMNS, strict=True):
            axes.set_title(name, fontsize=8)
        return png(figure)


def _axial(image: Float32[np.ndarray, "x y z"], z: int) -> Float32[np.ndarray, "y x"]:
    """The front above, the patient's right on the left."""
    return image[:, :, z].T[::-1, ::-1]
