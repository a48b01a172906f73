"""The flow of patients, as STARD and CONSORT draw it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from fusion.report.drawing import GREY, Drawing, canvas, png, short, style
from fusion.report.flow import Arm, Flow, centers_of
from fusion.report.labels import CENSORED, EVENT
from fusion.report.who import PART_TITLES

_WIDTH = 16.5
_LINE = 0.36
"""Centimetres."""
_PAD = 0.22
_GAP = 0.62
_NAMED = 4
"""More centres than this are counted, not named."""


@dataclass(frozen=True)
class _Box:
    """Text in a frame; the first line is bold."""

    lines: tuple[str, ...]
    left: float
    width: float

    @property
    def height(self) -> float:
        return _LINE * len(self.lines) + 2 * _PAD

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def flow_diagram(flow: Flow) -> Drawing:
    """Boxes from the manifests down to the parts, those left out at the side."""
    columns = max(1, len(flow.arms))
    width = min(4.05, _WIDTH / columns) if columns > 1 else 7.0
    starts = [(_WIDTH - columns * width) / 2 + i * width for i in range(columns)]
    arms = [
        _Box(_arm_lines(a), x + 0.06, width - 0.12) for a, x in zip(flow.arms, starts, strict=True)
    ]
    groups = _groups(flow, arms)
    listed = _Box((f"Listed: {flow.listed}", "patients"), _WIDTH / 2 - 3.2, 6.4)
    took = (f"Took part: {flow.included}", _of_centers(centers_of(flow.arms)))
    included = _Box(took, _WIDTH / 2 - 3.2, 6.4)
    side = _Box(_left_out(flow), _WIDTH / 2 + 0.9, _WIDTH / 2 - 1.0)
    drop = max(_GAP, side.height + 0.3) if flow.left_out else _GAP
    levels = [listed.height, drop, included.height, _GAP]
    levels += [max(b.height for b, _ in groups), _GAP] if groups else []
    levels += [max(b.height for b in arms)]
    total = sum(levels) + 0.1
    with style():
        figure, (axes,) = canvas(width_cm=_WIDTH, height_cm=total)
        figure.set_layout_engine("none")
        axes.set_position((0, 0, 1, 1))
        axes.set(xlim=(0, _WIDTH), ylim=(total, 0))
        axes.set_axis_off()
        y = 0.05
        _draw(axes, listed, y)
        bottom = y + listed.height
        y = bottom + drop
        _arrow(axes, listed.middle, bottom, listed.middle, y)
        if flow.left_out:
            level = bottom + drop / 2
            _draw(axes, side, level - side.height / 2)
            _arrow(axes, listed.middle, level, side.left, level)
        _draw(axes, included, y)
        bottom = y + included.height
        parents: list[tuple[_Box, float, Sequence[_Box]]] = [(included, bottom, arms)]
        if groups:
            _branch(axes, included, bottom, [b for b, _ in groups])
            y = bottom + _GAP
            for box, _ in groups:
                _draw(axes, box, y)
            parents = [(box, y + box.height, children) for box, children in groups]
            bottom = y + max(b.height for b, _ in groups)
        for box, foot, children in parents:
            axes.plot([box.middle] * 2, [foot, bottom], color=GREY, linewidth=0.9)
            _branch(axes, box, bottom, children)
        for box in arms:
            _draw(axes, box, bottom + _GAP)
        image = png(figure)
    return Drawing("flow", "Flow of patients", _caption(flow), image, flow.table())


def _groups(flow: Flow, arms: Sequence[_Box]) -> list[tuple[_Box, Sequence[_Box]]]:
    """Development and external centres, where there are both."""
    inside = len(flow.development)
    if not 0 < inside < len(arms):
        return []
    found = []
    for title, boxes, members in (
        ("Development", arms[:inside], flow.arms[:inside]),
        ("External centres", arms[inside:], flow.arms[inside:]),
    ):
        centers = centers_of(members)
        patients = sum(arm.patients for arm in members)
        width = boxes[0].width * (1.0 if len(boxes) == 1 else 0.55 * len(boxes))
        left = (boxes[0].left + boxes[-1].left + boxes[-1].width - width) / 2
        lines = (f"{title}: {patients}", *_names(centers, width))
        found.append((_Box(lines, left, width), boxes))
    return found


def _arm_lines(arm: Arm) -> tuple[str, ...]:
    lines = [f"{PART_TITLES[arm.part]}: {arm.patients}", "with a known label:"]
    for task, labels in arm.labels.items():
        lines.append(f"{short(task, 18)}: {arm.known(task)}")
        if EVENT in labels and CENSORED in labels:
            lines.append(f"   events: {labels[EVENT]}")
    return tuple(lines)


def _left_out(flow: Flow) -> tuple[str, ...]:
    lines = [f"Left out: {sum(flow.left_out.values())}"]
    for reason, n in flow.left_out.items():
        lines += textwrap.wrap(f"{n}: {reason}", 44, max_lines=3, placeholder=" …")
    return tuple(lines)


def _names(centers: Sequence[str], width: float) -> list[str]:
    if len(centers) > _NAMED:
        return [_of_centers(centers)]
    named = ", ".join(short(c, 30) for c in centers)
    return textwrap.wrap(named, int(width / 0.16), max_lines=3, placeholder=" …")


def _of_centers(centers: Sequence[str]) -> str:
    return f"{len(centers)} centre" + ("" if len(centers) == 1 else "s")


def _draw(axes: Axes, box: _Box, top: float) -> None:
    frame = FancyBboxPatch(
        (box.left, top),
        box.width,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor="#f5f6f7",
        edgecolor="#444444",
        linewidth=0.9,
    )
    axes.add_patch(frame)
    for i, line in enumerate(box.lines):
        axes.text(
            box.left + _PAD,
            top + _PAD + (i + 0.5) * _LINE,
            line,
            va="center",
            fontsize=8 if i == 0 else 7.5,
            fontweight="bold" if i == 0 else "normal",
        )


def _branch(axes: Axes, parent: _Box, foot: float, children: Sequence[_Box]) -> None:
    """A line down, a bar, and an arrow to each child."""
    level = foot + _GAP / 2
    ends = [child.middle for child in children]
    axes.plot([parent.middle] * 2, [foot, level], color=GREY, linewidth=0.9)
    axes.plot(
        [min(*ends, parent.middle), max(*ends, parent.middle)],
        [level] * 2,
        color=GREY,
        linewidth=0.9,
    )
    for x in ends:
        _arrow(axes, x, level, x, foot + _GAP)


def _arrow(axes: Axes, x: float, y: float, to_x: float, to_y: float) -> None:
    axes.annotate(
        "",
        (to_x, to_y),
        (x, y),
        arrowprops={
            "arrowstyle": "-|>",
            "color": GREY,
            "linewidth": 0.9,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def _caption(flow: Flow) -> str:
    out = sum(flow.left_out.values())
    parts = ", ".join(f"{PART_TITLES[a.part].lower()} {a.patients}" for a in flow.arms)
    return (
        f"Of {flow.listed} patients listed {out} were left out and {flow.included} took "
        f"part ({parts}). Below each part: how many of its patients have a known label, per task."
    )
