"""A figure with the numbers it was drawn from, in colours that everybody can tell apart."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fusion.report.publish import publish, to_csv

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito 2008, without the yellow, which is too pale for lines."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Shape tells apart what colour may not."""

LINES = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 3)), (0, (1, 3)))
"""Line types, in the order of `OKABE_ITO`."""

GREY = "#666666"

_STYLE: Mapping[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.6,
    "text.parse_math": False,  # a centre may be called "$x$"
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Drawing:
    """One figure of a report."""

    name: str
    """File stem; what does not belong into one becomes `_`."""
    title: str
    caption: str
    """What is seen, for a clinician; also the alternative text."""
    png: bytes
    data: pd.DataFrame
    """What was drawn."""

    @property
    def data_uri(self) -> str:
        """For the `src` of an image."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()

    def save(self, folder: Path) -> None:
        """Write `<name>.png` and `<name>.csv`."""
        stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in self.name)
        publish(folder / f"{stem}.png", self.png)
        publish(folder / f"{stem}.csv", to_csv(self.data))


@dataclass(frozen=True)
class Blank:
    """A figure that cannot be drawn, and why."""

    title: str
    reason: str


_DRAWING = RLock()


@contextmanager
def style() -> Iterator[None]:
    """Fonts and lines of all figures; draw inside it.

    One thread at a time: matplotlib's settings are those of the whole process.
    """
    with _DRAWING, mpl.rc_context(dict(_STYLE)):
        yield


def canvas(
    *,
    width_cm: float = 16.5,
    height_cm: float,
    columns: int = 1,
    widths: Sequence[float] | None = None,
) -> tuple[Figure, Sequence[Axes]]:
    """A figure as wide as the text of an A4 page, with panels side by side, as wide as `widths`."""
    figure = Figure(figsize=(width_cm / 2.54, height_cm / 2.54), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, columns, squeeze=False, width_ratios=widths)[0])


def grid(
    *, width_cm: float = 16.5, height_cm: float, columns: int, ratios: Sequence[float]
) -> tuple[Figure, Sequence[Sequence[Axes]]]:
    """Rows of panels, as high as `ratios` say."""
    figure = Figure(figsize=(width_cm / 2.54, height_cm / 2.54), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(ratios), columns, squeeze=False, height_ratios=list(ratios))
    return figure, [list(row) for row in panels]


def png(figure: Figure) -> bytes:
    """The bytes are the same for the same figure: no date, no version."""
    buffer = io.BytesIO()
    figure.set_dpi(200)
    # what `savefig` writes, without its rehearsal
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def short(text: str, limit: int = 26) -> str:
    """A label that fits.

    Example:
        >>> short("University Medical Center Hamburg-Eppendorf")
        'University Medical Center…'
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
