"""Polygons of a GeoJSON file, such as QuPath exports, in level-0 pixels."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

Ring = Float[np.ndarray, "corners 2"]


def read_polygons(path: Path) -> list[list[Ring]]:
    """Each polygon as its rings: the outline, then its holes.

    A FeatureCollection, a Feature, a geometry, or a plain list of any of these. Every polygon in
    it counts, whatever its class is called.

    Raises:
        ValueError: where it is no GeoJSON, holds anything but polygons, or none; in words for a
            user.
    """
    try:
        content = json.loads(path.read_bytes())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"it is no GeoJSON ({error}); export the annotations again") from error
    found = [[_ring(ring) for ring in rings] for rings in _polygons(content)]
    if not found:
        raise ValueError("it holds no polygon; draw the tissue, or leave the cell blank")
    return found


def fill(mask: Bool[np.ndarray, "height width"], rings: list[Ring]) -> None:
    """Set the pixels whose centre is inside, by the even-odd rule; all others stay.

    Each edge of the outline is followed over the rows that it crosses: there, all that is to the
    right of it changes sides. So the cost is that of the outline and of the box around it, not of
    one times the other.

    Args:
        mask: a grid whose first pixel has its centre at 0.5, 0.5.
        rings: corners (x, y) in pixels of the grid.

    Example:
        >>> mask = np.zeros((3, 4), dtype=bool)
        >>> fill(mask, [np.array([[1.0, 0.0], [3.0, 0.0], [3.0, 2.0], [1.0, 2.0]])])
        >>> mask.astype(int).tolist()
        [[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    """
    size = np.array(mask.shape[::-1])
    start, end = np.concatenate(rings), np.concatenate([np.roll(r, -1, axis=0) for r in rings])
    left, top = np.clip(np.floor(start.min(axis=0)), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(start.max(axis=0)), 0, size).astype(int)
    upward = start[:, 1] > end[:, 1]
    start[upward], end[upward] = end[upward], start[upward]
    # an edge crosses the rows whose centre is neither above its start nor below its end
    first, last = (np.clip(np.ceil(p[:, 1] - 0.5), top, bottom).astype(int) for p in (start, end))
    count = last - first
    edge = np.repeat(np.arange(len(start)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    (x, y), (dx, dy) = start[edge].T, (end - start)[edge].T
    column = np.clip(np.ceil(x + (row + 0.5 - y) * dx / dy - 0.5), left, right).astype(int)
    height, width = bottom - top, right - left
    place = (row - top) * (width + 1) + column - left
    crossed = np.bincount(place, minlength=height * (width + 1)).reshape(height, width + 1)
    mask[top:bottom, left:right] |= np.cumsum(crossed, axis=1)[:, :width] % 2 == 1


def _polygons(content: Any) -> Iterator[list[Any]]:
    if isinstance(content, list):
        for part in content:
            yield from _polygons(part)
        return
    kind = content.get("type") if isinstance(content, dict) else type(content).__name__
    match kind:
        case "FeatureCollection":
            yield from _polygons(content.get("features", []))
        case "GeometryCollection":
            yield from _polygons(content.get("geometries", []))
        case "Feature":
            if content.get("geometry") is not None:
                yield from _polygons(content["geometry"])
        case "Polygon":
            yield content.get("coordinates") or [[]]
        case "MultiPolygon":
            yield from content.get("coordinates", [])
        case _:
            raise ValueError(
                f"it holds a {kind}, expected polygons and nothing else; export only the areas "
                "that are tissue"
            )


def _ring(values: Any) -> Ring:
    try:
        ring = np.array([corner[:2] for corner in values], dtype=float).reshape(-1, 2)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a polygon has corners that are no pairs of numbers ({error})") from error
    if not np.isfinite(ring).all():
        raise ValueError("a polygon has a corner that is not finite")
    corners = len(np.unique(ring, axis=0))
    if corners < 3:
        raise ValueError(f"a polygon has {corners} different corners, expected 3 or more")
    return ring
