"""Which modalities are left, as dots: the left panel of figures of subsets."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from fusion.report.drawing import short
from fusion.report.robustness_rows import modalities


def presence_dots(axes: Axes, names: Sequence[str], every: Sequence[str]) -> None:
    """A line per subset, black where the modality is left."""
    for y, name in enumerate(names):
        kept = [every.index(m) for m in modalities(name)]
        axes.plot(range(len(every)), [y] * len(every), "o", color="#d0d0d0", markersize=5)
        axes.plot(kept, [y] * len(kept), "o", color="black", markersize=5)
    axes.set(xlim=(-0.6, len(every) - 0.4), ylim=(len(names) - 0.5, -0.5), yticks=[])
    axes.set_xticks(range(len(every)), [short(m, 14) for m in every], rotation=40, ha="left")
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
