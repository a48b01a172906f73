"""How large a pixel is: what the file states, what a person gave, and whether they agree."""

from math import isfinite

SMALLEST_MPP, LARGEST_MPP = 0.05, 20.0
"""Microns per pixel that level 0 of a microscope slide can have (100x oil to a macro image)."""

_ANISOTROPY = 0.01
_DISAGREEMENT = 0.02
_MPP_AT_1X = 10.0
"""Microns per pixel times magnification of common scanners: 0.25 at 40x, 0.5 at 20x."""


def agreed_mpp(
    stated: tuple[float, float] | None, power: float | None, given: float | None
) -> float:
    """Settle on the microns per pixel of level 0, or refuse.

    Args:
        stated: x and y as the file states them.
        power: objective magnification as the file states it, such as 40.
        given: the manifest's `mpp` column. It stands in for a value that the file lacks or that
            cannot be (many programs write 72 dpi, which is 352.8 microns); it never overrules one
            that can.

    Raises:
        ValueError: where the value is absent, impossible or contradicted; in words for a user.

    Example:
        >>> agreed_mpp((0.2520, 0.2522), power=40.0, given=None)
        0.2521
        >>> agreed_mpp(None, power=20.0, given=0.5)
        0.5
    """
    if given is not None:
        _check_range(given, "the manifest gives", "correct its `mpp` column")
    if stated is not None and given is not None and not all(map(_possible, stated)):
        stated = None
    if stated is None and given is None:
        raise ValueError(
            "the file states no microns per pixel (MPP); give it in the manifest's `mpp` column"
        )
    if stated is None:
        assert given is not None
        mpp = given
    else:
        mpp = _stated(stated)
        if given is not None and abs(given - mpp) > _DISAGREEMENT * mpp:
            raise ValueError(
                f"the manifest gives {given:g} microns per pixel, the file states {mpp:g}; "
                "expected the same within 2 %: correct the `mpp` column, or leave it blank"
            )
    witnesses = (stated is not None) + (given is not None)
    if power is not None and witnesses == 1:
        _check_power(mpp, power)
    return mpp


def _possible(mpp: float) -> bool:
    return isfinite(mpp) and SMALLEST_MPP <= mpp <= LARGEST_MPP


def _check_range(mpp: float, who: str, remedy: str) -> None:
    if not _possible(mpp):
        raise ValueError(
            f"{who} {mpp:g} microns per pixel, expected {SMALLEST_MPP:g} to {LARGEST_MPP:g}; "
            f"{remedy}"
        )


def _stated(stated: tuple[float, float]) -> float:
    x, y = stated
    for mpp in stated:
        _check_range(mpp, "the file states", "give the true one in the manifest's `mpp` column")
    if abs(x - y) > _ANISOTROPY * min(x, y):
        raise ValueError(
            f"pixels are not square: {x:g} by {y:g} microns, expected the same within 1 %; "
            "resample the slide or mend its resolution tags"
        )
    return (x + y) / 2


def _check_power(mpp: float, power: float) -> None:
    """Scanners differ (20x optics with a doubler), so only a factor above two contradicts."""
    if not isfinite(power) or power <= 0:
        raise ValueError(f"the file states a magnification of {power:g}x, expected above zero")
    expected = _MPP_AT_1X / power
    if not 0.499 <= mpp / expected <= 2.004:
        raise ValueError(
            f"{mpp:g} microns per pixel contradict the {power:g}x objective that the file states: "
            f"expected about {expected:g}, within a factor of two; find out which is wrong. If the "
            "file's own microns are right, confirm them in the manifest's `mpp` column"
        )
