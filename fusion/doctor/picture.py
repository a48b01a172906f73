"""One picture of a cohort, to look at before anything is trained on it."""

from collections.abc import Callable
from functools import partial

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fusion.data.cohort import Cohort
from fusion.doctor.checkup import Checkup
from fusion.doctor.contact_sheet import contact_sheet, rows_of, sorts_of
from fusion.doctor.coverage import centers_of
from fusion.doctor.outcomes import survival_names
from fusion.doctor.panel_files import mpp_panel, spacing_panel
from fusion.doctor.panel_outcomes import class_panel, time_panel
from fusion.doctor.panel_presence import pattern_panel, presence_panel
from fusion.report.drawing import png, short, style

WIDTH_CM = 32.0

MOST_CENTERS = 20
"""Rows of a panel: the largest centres."""

_CENTER_CM = 0.48
"""Height of a centre's row."""

_ABREAST = 4
"""Panels side by side."""

Panel = Callable[[Axes], None]
Row = tuple[float, list[Panel]]
"""Height in centimetres, and panels from left to right."""


def draw(checkup: Checkup) -> bytes:
    """The picture as PNG; the same bytes for the same check-up.

    Raises:
        ValueError: for a check-up without a cohort.
    """
    cohort = checkup.cohort
    if cohort is None:
        raise ValueError("a check-up without a cohort has no picture")
    rows = _rows(checkup, cohort)
    heights = [height for height, _ in rows]
    with style():
        size = (WIDTH_CM / 2.54, (sum(heights) + 1.2) / 2.54)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        parts = figure.subfigures(len(rows), 1, height_ratios=heights, squeeze=False)[:, 0]
        for (_, panels), part in zip(rows, parts, strict=True):
            places = part.subplots(1, len(panels), squeeze=False)[0]
            for panel, axes in zip(panels, places, strict=True):
                panel(axes)
        figure.suptitle(_title(checkup, cohort), fontsize=12, ha="left", x=0.01)
        return png(figure)


def _title(checkup: Checkup, cohort: Cohort) -> str:
    centers = len(set(cohort.centers.values()))
    few = f" (the largest {MOST_CENTERS} are drawn)" if centers > MOST_CENTERS else ""
    return (
        f"{short(cohort.name, 60)}: {len(cohort.patients)} patients of {centers} centres{few}. "
        f"{checkup.verdict}"
    )


def _rows(checkup: Checkup, cohort: Cohort) -> list[Row]:
    tables, looks = checkup.tables, checkup.looks
    centers = centers_of(cohort)[:MOST_CENTERS]
    tall = 3.0 + _CENTER_CM * len(centers)
    who: list[Panel] = [partial(pattern_panel, patterns=tables["patterns"])]
    if len(tables["modalities"]):
        who.insert(0, partial(presence_panel, modalities=tables["modalities"], centers=centers))
    rows: list[Row] = [(max(tall, 8.0), who)]
    classes: list[Panel] = [
        partial(class_panel, rows=target, centers=centers)
        for _, target in tables["classes"].groupby("target", sort=False)
    ]
    rows += [(tall, panels) for panels in _abreast(classes)]
    files: list[Panel] = []
    if tables["volume_files"]["spacing_up_mm"].notna().any():
        files.append(partial(spacing_panel, volumes=tables["volume_files"], centers=centers))
    if len(tables["slide_files"]):
        files.append(partial(mpp_panel, slides=tables["slide_files"], centers=centers))
    files += [partial(time_panel, cohort=cohort, name=n) for n in survival_names(cohort)]
    having = {*tables["volume_files"]["center"], *tables["slide_files"]["center"]}
    height = max(6.5, 2.5 + _CENTER_CM * len(having & set(centers)))
    rows += [(height, panels) for panels in _abreast(files)]
    if looks:
        side = (WIDTH_CM - 3) / max(len(sorts_of(looks)), 6)
        sheet: Panel = partial(contact_sheet, looks=looks, centers=centers)
        rows.append((2.0 + 1.1 * side * len(rows_of(looks, centers)), [sheet]))
    return rows


def _abreast(panels: list[Panel]) -> list[list[Panel]]:
    """Rows of panels of equal width: the last one is filled up with nothing."""
    width = min(_ABREAST, len(panels))
    rows = [panels[i : i + _ABREAST] for i in range(0, len(panels), _ABREAST)]
    return [[*row, *[_nothing] * (width - len(row))] for row in rows]


def _nothing(axes: Axes) -> None:
    axes.set_axis_off()
