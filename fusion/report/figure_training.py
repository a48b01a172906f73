"""How training went, from the table that Lightning's CSV logger writes."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fusion.errors import ReadError
from fusion.report.drawing import (
    GREY,
    LINES,
    OKABE_ITO,
    Blank,
    Drawing,
    canvas,
    png,
    short,
    style,
)

_TITLE = "Training curves"


def training_curves(path: Path) -> Drawing | Blank:
    """Losses on the left, validation metrics on the right, one value per epoch.

    Raises:
        ReadError: for a file that is absent, not a CSV, or without the column `epoch`.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ReadError(path, f"is not the CSV of Lightning's logger: {error}") from error
    if "epoch" not in table:
        raise ReadError(path, f"has no column epoch, found {list(table.columns)}")
    numbers = table.select_dtypes("number").dropna(axis=1, how="all")
    epochs = numbers.groupby("epoch").mean().rename(columns=str)
    names = [str(c) for c in epochs.columns if str(c).startswith(("train", "val"))]
    losses = [c for c in names if "loss" in c]
    others = [c for c in names if c.startswith("val") and c not in losses]
    epochs = epochs[names]
    if epochs.empty or not losses:
        return Blank(_TITLE, "the log has no column of a training or validation loss")
    with style():
        figure, panels = canvas(height_cm=7.0, columns=2 if others else 1)
        for axes, drawn, label in zip(panels, [losses, others], ["Loss", "Metric"], strict=False):
            _lines(axes, epochs[drawn])
            axes.set(xlabel="Epoch", ylabel=label)
        best = _mark(panels[0], epochs)
        image = png(figure)
    caption = (
        f"Training and validation over {len(epochs)} epochs. {best}A validation loss that rises "
        "while the training loss falls is overfitting."
    )
    return Drawing("training_curves", _TITLE, caption, image, epochs.reset_index())


def _lines(axes: Axes, table: pd.DataFrame) -> None:
    for i, name in enumerate(table):
        values = table[name].dropna()
        axes.plot(
            values.index,
            values,
            color=OKABE_ITO[i % len(OKABE_ITO)],
            linestyle=LINES[i % len(LINES)],
            marker="o" if len(values) == 1 else "",
            label=short(str(name), 32),
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(handlelength=2.4)


def _mark(axes: Axes, epochs: pd.DataFrame) -> str:
    """Where the validation loss was lowest."""
    for name in ("val_loss", "val/loss"):
        if name in epochs and epochs[name].notna().any():
            epoch = float(epochs[name].idxmin())
            axes.axvline(epoch, color=GREY, linewidth=0.8, linestyle=":")
            return f"The validation loss was lowest in epoch {epoch:g} (dotted). "
    return ""
