"""Which centre has which modality."""

import numpy as np
import pandas as pd

from fusion.report.drawing import Drawing, canvas, png, short, style


def presence_map(counts: pd.DataFrame) -> Drawing:
    """Share of the patients of each centre who have each modality.

    Args:
        counts: a row per centre; `center`, `patients`, then a column per modality with the
            number of patients who have it.
    """
    modalities = [c for c in counts.columns if c not in ("center", "patients")]
    share = counts[modalities].div(counts["patients"], axis=0).to_numpy(float)
    with style():
        figure, (axes,) = canvas(
            width_cm=min(16.5, 6 + 2.4 * len(modalities)), height_cm=1.8 + 0.62 * len(counts)
        )
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
        for (row, column), value in _cells(share):
            n = int(counts[modalities[column]].iloc[row])
            color = "white" if value > 0.6 else "black"
            axes.text(
                column, row, f"{100 * value:.0f} % ({n})", ha="center", va="center", color=color
            )
        axes.set_xticks(range(len(modalities)), [short(m, 16) for m in modalities])
        labels = [
            f"{short(c)} ({n})" for c, n in zip(counts["center"], counts["patients"], strict=True)
        ]
        axes.set_yticks(range(len(counts)), labels)
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.spines[:].set_visible(False)
        image = png(figure)
    caption = "Share (and number) of the patients of each centre who have each modality."
    return Drawing("presence", "Modalities by centre", caption, image, counts)


def _cells(share: np.ndarray) -> list[tuple[tuple[int, int], float]]:
    return [((r, c), float(v)) for r, row in enumerate(share) for c, v in enumerate(row)]
