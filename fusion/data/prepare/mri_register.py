"""One sequence moved onto another of the same patient: a rotation and a shift, nothing else."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusion.data.prepare.mri_itk import itk

BINS = 50
"""Of the joint histogram (Mattes 2003)."""

SAMPLES = 200_000
"""Points of a level at which the two images are compared, or all where there are fewer."""

LEVELS_MM = (4.0, 2.0, 1.0)
"""Spacing of each level, or that of the file where it is coarser."""

TURNS = tuple(math.radians(degrees) for degrees in (-30.0, -15.0, 15.0, 30.0))
"""About each axis, of further beginnings; at the coarsest level a motion is caught within 10."""

BEGINNINGS = 3
"""So many of the best are followed at the coarsest level."""


@dataclass(frozen=True)
class Rigid:
    """Where a sequence lies, seen from the reference."""

    transform: Any
    """`Euler3DTransform`: a point of the reference -> the same point of the moved sequence, in
    mm of ITK's space (left, posterior and superior are positive)."""
    degrees: float
    """Of the whole rotation, about whichever axis."""
    shift_mm: tuple[float, float, float]
    """Of the centre of the reference."""
    before: float
    """Mattes mutual information in nats, negative: lower is better. Where the scanner put it."""
    after: float
    steps: int
    """Of the optimiser, in all levels."""


def register(fixed: Any, moving: Any, *, seed: int) -> Rigid:
    """Find the rigid motion with most mutual information.

    It begins where the scanner says, with centres or centres of mass on each other, and turned by
    15 and 30 degrees about each axis; the best of these are followed. Points are drawn with the
    seed and there is one thread: the same images give the same motion.

    Args:
        fixed: the reference, as `to_itk` gives it.
        moving: the sequence to be moved.
        seed: of the points that are compared.

    Source: Mattes 2003 (mutual information), as SimpleITK has it.
    """
    coarse = _at(fixed, LEVELS_MM[0]), _at(moving, LEVELS_MM[0])
    judged = _at(fixed, LEVELS_MM[1]), _at(moving, LEVELS_MM[1])
    here, *others = _beginnings(fixed, moving)
    before = _metric(*judged, here)
    ranked = sorted([here, *others], key=lambda place: _metric(*coarse, place))  # stable
    followed = [_climb(*coarse, place, seed) for place in ranked[:BEGINNINGS]]
    found, steps = min(followed, key=lambda end: _metric(*coarse, end[0]))
    done = [image.GetSize() for image in coarse]
    for side_mm in LEVELS_MM[1:]:
        finer = _at(fixed, side_mm), _at(moving, side_mm)
        if [image.GetSize() for image in finer] != done:  # the files are no finer than that
            done = [image.GetSize() for image in finer]
            found, more = _climb(*finer, found, seed)
            steps += more
    return Rigid(found, *_motion(found), before, _metric(*judged, found), steps)


def _climb(fixed: Any, moving: Any, begin: Any, seed: int) -> tuple[Any, int]:
    end = itk().Euler3DTransform(begin)
    method = _method(end)
    share = SAMPLES / float(np.prod(fixed.GetSize()))
    if share < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(share, seed + 1)  # ITK takes 0 for the clock
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0,
        minStep=1e-3,
        numberOfIterations=200,
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-8,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.Execute(fixed, moving)
    return end, int(method.GetOptimizerIteration())


def _method(begin: Any) -> Any:
    sitk = itk()
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetInitialTransform(begin, inPlace=True)
    return method


def _metric(fixed: Any, moving: Any, transform: Any) -> float:
    """At every point."""
    try:
        return float(_method(transform).MetricEvaluate(fixed, moving))
    except RuntimeError:  # nothing of the one lies on the other
        return math.inf


def _beginnings(fixed: Any, moving: Any) -> list[Any]:
    """All with the centre of the reference as the centre of rotation, so that shifts compare."""
    euler, centre, masses = itk().Euler3DTransform, _middle(fixed), [_mass(fixed), _mass(moving)]
    shifts = [np.zeros(3), _middle(moving) - centre, masses[1] - masses[0]]
    places = [euler(centre.tolist(), 0.0, 0.0, 0.0, shift.tolist()) for shift in shifts]
    for axis in range(3):
        for radians in TURNS:
            turned = euler(centre.tolist(), *(radians * np.eye(3)[axis]).tolist())
            # the turn is about the centre of mass, which stays on that of the other
            there = np.array(turned.TransformPoint(masses[0].tolist()))
            turned.SetTranslation((masses[1] - there).tolist())
            places.append(turned)
    return places


def _middle(image: Any) -> np.ndarray:
    index = [(size - 1) / 2 for size in image.GetSize()]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(index))


def _mass(image: Any) -> np.ndarray:
    """The centre of what is brighter than the background."""
    array = itk().GetArrayViewFromImage(image)
    bright = np.argwhere(array > array.mean())[:, ::-1].mean(axis=0)
    return np.array(image.TransformContinuousIndexToPhysicalPoint(bright.tolist()))


def _at(image: Any, side_mm: float) -> Any:
    """The mean of as many voxels as make up that spacing; no axis gets below 8 voxels."""
    sides = zip(image.GetSpacing(), image.GetSize(), strict=True)
    return itk().BinShrink(
        image, [max(1, min(round(side_mm / spacing), size // 8)) for spacing, size in sides]
    )


def _motion(transform: Any) -> tuple[float, tuple[float, float, float]]:
    turn = np.array(transform.GetMatrix()).reshape(3, 3)
    degrees = math.degrees(math.acos(float(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
    x, y, z = transform.GetTranslation()
    return degrees, (x, y, z)
