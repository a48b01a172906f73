"""Smooth random fields: anatomy that differs, coils that shade, tissue that is not round."""

import numpy as np
from jaxtyping import Float


def smooth_volume(
    rng: np.random.Generator, shape: tuple[int, int, int], *, terms: int
) -> Float[np.ndarray, "x y z"]:
    """A random sum of the first cosines along each axis, of standard deviation near 1.

    `terms` cosines an axis: 3 gives a coil's shading, 8 the bumps of a tumour.
    """
    waves = [
        np.cos(np.pi * (np.arange(n)[:, None] + 0.5) * np.arange(terms) / n).astype(np.float32)
        for n in shape
    ]
    weights = rng.standard_normal((terms, terms, terms)).astype(np.float32)
    weights[0, 0, 0] = 0
    field = np.tensordot(waves[0], weights, axes=(1, 0))
    field = np.einsum("ibc,jb->ijc", field, waves[1], optimize=True)
    field = np.einsum("ijc,kc->ijk", field, waves[2], optimize=True)
    # a cosine's mean square is 1/2, the constant's is 1: the sum of the products' is known
    power = (1 + (terms - 1) / 2) ** 3 - 1
    return field / np.float32(np.sqrt(power))


def blur_noise(
    rng: np.random.Generator, side: int, *, coarse: int
) -> Float[np.ndarray, "side side"]:
    """Noise on a square lattice smooth over about `side / coarse` points, sd 1."""
    knots = rng.standard_normal((coarse + 3, coarse + 3)).astype(np.float32)
    weights = spline(side, coarse)
    field = weights @ knots @ weights.T
    return (field - field.mean()) / field.std()


def spline(count: int, pieces: int) -> Float[np.ndarray, "count knots"]:
    """Weights of a uniform cubic B-spline at `count` points: [count, pieces + 3], rows sum to 1."""
    at = (np.arange(count) + 0.5) * pieces / count
    piece = np.floor(at).astype(int)
    t = at - piece
    parts = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    weights = np.zeros((count, pieces + 3), dtype=np.float32)
    for k, part in enumerate(parts):
        weights[np.arange(count), piece + k] = part / 6
    return weights


def linear(at: Float[np.ndarray, " points"], side: int) -> Float[np.ndarray, "points side"]:
    """Weights of linear interpolation at places 0 to 1 along a map of `side` points."""
    place = np.clip(at * side - 0.5, 0, side - 1)
    low = np.minimum(np.floor(place).astype(int), side - 2)
    weights = np.zeros((len(at), side), dtype=np.float32)
    weights[np.arange(len(at)), low] = 1 - (place - low)
    weights[np.arange(len(at)), low + 1] = place - low
    return weights


def resample(
    lattice: Float[np.ndarray, "side side"],
    down: Float[np.ndarray, " rows"],
    right: Float[np.ndarray, " columns"],
) -> Float[np.ndarray, "rows columns"]:
    """A square map at every pair of places (0 to 1) along its sides, linear between its points."""
    side = len(lattice)
    return linear(down, side) @ lattice @ linear(right, side).T
