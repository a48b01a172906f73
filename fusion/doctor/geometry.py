"""Volumes and slides that are unlike the others: nothing that a reader would refuse."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from fusion.doctor.facts import SlideFacts, VolumeFacts
from fusion.doctor.finding import WARNING, Finding, about, some

OUTLIER = 2.0
"""A spacing this many times the median of its kind, or this many times below it, stands out."""

LITTLE_TISSUE = 0.02
"""Share of a slide."""


def volume_warnings(volumes: Sequence[VolumeFacts]) -> list[Finding]:
    """Orientations that are mixed or unknown, spacings that stand out."""
    groups: dict[str, list[VolumeFacts]] = defaultdict(list)
    for fact in volumes:
        groups[fact.entry.modality].append(fact)
    return [w for facts in groups.values() for w in (*_orientations(facts), *_spacings(facts))]


def slide_warnings(slides: Sequence[SlideFacts]) -> list[Finding]:
    """Microns per pixel that stand out, slides with next to no tissue."""
    groups: dict[str, list[SlideFacts]] = defaultdict(list)
    for fact in slides:
        groups[fact.entry.modality].append(fact)
    found = []
    for facts in groups.values():
        median = float(np.median([fact.mpp for fact in facts]))
        for fact in facts:
            if ratio := outlying(fact.mpp, median):
                message = (
                    f"{fact.mpp:.4g} microns per pixel, {ratio}; the median of {len(facts)} files "
                    f"is {median:.4g}: is the value right?"
                )
                found.append(about(fact.entry, WARNING, "mpp", message, fact.file))
            if fact.tissue_share < LITTLE_TISSUE:
                message = f"only {fact.tissue_share:.2%} of it is tissue; look at it"
                found.append(about(fact.entry, WARNING, "tissue", message, fact.file))
    return found


def outlying(value: float, median: float) -> str:
    """How a value stands out, in words, or nothing.

    Example:
        >>> outlying(5.0, 1.0), outlying(0.4, 1.0), outlying(2.0, 1.0)
        ('5 times the median', '2.5 times below the median', '')
    """
    if value > OUTLIER * median:
        return f"{value / median:.2g} times the median"
    if value * OUTLIER < median:
        return f"{median / value:.2g} times below the median"
    return ""


def _orientations(facts: Sequence[VolumeFacts]) -> list[Finding]:
    found = []
    modality = facts[0].entry.modality
    known = [fact for fact in facts if fact.orientation is not None]
    unknown = [fact for fact in facts if fact.orientation is None]
    counts = Counter(fact.orientation for fact in known)
    if len(counts) > 1:
        ranked = [code for code, _ in counts.most_common()]
        odd = next(fact for fact in known if fact.orientation == ranked[-1])
        message = (
            f"volumes of {modality!r} are stored in {len(counts)} orientations: "
            f"{', '.join(f'{code} {counts[code]}' for code in ranked)} (this one is "
            f"{odd.orientation}). They are turned when read; look at one of each in the picture, "
            "for a header that lies about left and right"
        )
        found.append(about(odd.entry, WARNING, "orientation", message, odd.file))
    if unknown:
        patients = list(dict.fromkeys(str(fact.entry.patient_id) for fact in unknown))
        message = (
            f"{len(unknown)} of {len(facts)} volumes of {modality!r} state neither orientation "
            f"nor spacing (sform_code and qform_code are 0), of {some(patients)}; they can only "
            "be used on the grid that they have (spacing_mm: null)"
        )
        found.append(about(unknown[0].entry, WARNING, "orientation", message, unknown[0].file))
    return found


def _spacings(facts: Sequence[VolumeFacts]) -> list[Finding]:
    groups: dict[str, list[VolumeFacts]] = defaultdict(list)
    for fact in facts:
        if fact.spacing_mm is not None:
            groups[fact.entry.sequence or ""].append(fact)
    found = []
    for sequence, members in groups.items():
        median = np.median([fact.spacing_mm for fact in members if fact.spacing_mm], axis=0)
        for fact in members:
            assert fact.spacing_mm is not None
            pairs = zip(fact.spacing_mm, median.tolist(), strict=True)
            worst = [text for value, middle in pairs if (text := outlying(value, middle))]
            if worst:
                message = (
                    f"a spacing of {_mm(fact.spacing_mm)} mm, {worst[-1]}; the median of "
                    f"{len(members)} volumes of {sequence or 'no sequence'} is "
                    f"{_mm(median.tolist())} mm: is the header right, and does a coarse scan "
                    "belong with the others?"
                )
                found.append(about(fact.entry, WARNING, "spacing", message, fact.file))
    return found


def _mm(spacing_mm: Sequence[float]) -> str:
    return " x ".join(f"{value:.3g}" for value in spacing_mm)
