"""The five centres, and how each differs from the others in what it measures.

Aster, Birch and Cedar are meant as internal, Dogwood and Elm as external cohorts. All effects
are multiplied by the `center_shift` of the cohort (0: one scanner, one laboratory), but for the
geometry of the files: orientation, slice thickness and scanner resolution are never scaled.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lab:
    """One centre's scanner, stain and habits."""

    name: str
    external: bool
    orientation: str
    """Axis codes of its NIfTI files, as in nibabel."""
    thickness: float
    """Slice thickness as a multiple of the in-plane spacing."""
    log_gain: float
    """Natural logarithm of the MRI gain."""
    offset: float
    """Added to MRI in the brain, of 1000 units for the brightest tissue."""
    log_gamma: float
    """Natural logarithm of the MRI contrast exponent."""
    noise: float
    """Standard deviation of the Rician noise, of 1000 units."""
    bias: float
    """Amplitude of the log bias field."""
    mpp: float
    """Microns per pixel of its slides."""
    haematoxylin: tuple[float, float, float]
    """Change of the optical density per unit stain, in red, green, blue."""
    eosin: tuple[float, float, float]
    stain: float
    """Natural logarithm of the thickness of the section, as both stains see it."""
    batch: float
    """Standard deviation of the shift of a gene, log2 units."""
    missing: dict[str, float]
    """Probability that a patient lacks a modality, or one MRI sequence."""


LABS = (
    Lab("Aster", False, "RAS", 1.0, 0.0, 0.0, 0.0, 14.0, 0.08, 1.0, (0.0, 0.0, 0.0),
        (0.0, 0.0, 0.0), 0.0, 0.2,
        {"mri": 0.04, "wsi": 0.08, "rna": 0.25, "mutations": 0.12, "clinical": 0.02}),
    Lab("Birch", False, "RAS", 1.0, 0.5, 40.0, 0.12, 22.0, 0.12, 1.0, (0.04, -0.03, 0.06),
        (0.05, -0.06, 0.02), 0.12, 0.5,
        {"mri": 0.04, "wsi": 0.12, "rna": 0.20, "mutations": 0.30, "clinical": 0.04, "T2": 0.5}),
    Lab("Cedar", False, "LPS", 1.0, -0.5, 0.0, -0.12, 18.0, 0.15, 1.0, (-0.05, 0.04, -0.02),
        (-0.02, 0.04, 0.08), -0.10, 0.5,
        {"mri": 0.10, "wsi": 0.12, "rna": 0.40, "mutations": 0.20, "clinical": 0.02, "T1": 0.1}),
    Lab("Dogwood", True, "LAS", 1.0, 0.8, 25.0, 0.18, 26.0, 0.18, 0.8, (0.07, 0.02, 0.08),
        (0.08, -0.08, -0.04), 0.18, 0.6,
        {"mri": 0.05, "wsi": 0.15, "rna": 0.20, "mutations": 0.25, "clinical": 0.04, "FLAIR": 0.2}),
    Lab("Elm", True, "RAS", 1.5, -0.25, 60.0, -0.20, 20.0, 0.15, 1.0, (-0.06, -0.05, 0.04),
        (0.02, 0.07, 0.10), -0.15, 0.6,
        {"mri": 0.08, "wsi": 0.45, "rna": 0.30, "mutations": 0.20, "clinical": 0.06, "mask": 0.25}),
)  # fmt: skip
"""Every centre of the demo cohort."""


def lab(name: str) -> Lab:
    """The centre of that name.

    Example:
        >>> lab("Elm").thickness
        1.5
    """
    return next(each for each in LABS if each.name == name)


ROTA = ("Aster", "Birch", "Cedar", "Dogwood", "Elm", "Aster", "Birch")
"""Centres in turn: five of seven patients are internal, and two centres are the larger ones."""


def assign(count: int) -> list[str]:
    """A centre for each patient, in turn.

    Example:
        >>> assign(8)
        ['Aster', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Aster', 'Birch', 'Aster']
    """
    return [ROTA[i % len(ROTA)] for i in range(count)]
