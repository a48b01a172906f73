"""The latent biology of the demo cohort: who the patients are before anything is measured.

Of seven patients, two each have a glioblastoma, an astrocytoma and an oligodendroglioma, and
one a brain metastasis, in every centre alike. With `N(m, s)` a normal draw and `idh`, `codel`
0 or 1:

    class           glioblastoma: idh 0, codel 0; astrocytoma: 1, 0; oligodendroglioma: 1, 1
    necrosis        N(+1.6 where idh = 0, -1.6 where idh = 1, 1)     seen in MRI only
    roundness       N(+1.6 where codel = 1, -1.6 where codel = 0, 1) seen on slides only
    metabolism      N(+0.9 where idh = 0, -0.9 where idh = 1, 1)     seen in RNA only
    proliferation   N(0.4 where idh = 0, else 0, 1)                  seen in RNA only
    immune          N(0, 1)                                          seen in RNA only
    cellularity     N(0, 1)                                          seen on slides only
    vascularity     N(0, 1)                      seen in MRI, slides and RNA; says nothing of
                                                 any target: it is what the modalities share
    age             N(59 where idh = 0, else 49, 11) years, 63 for a metastasis
    a metastasis    is like idh = 0 in MRI (necrosis N(1.6, 0.8)), has 1 to 4 round lesions at
                    the border of grey and white matter, glands on slides, epithelial genes

So MRI tells glioblastoma from the other two, slides tell oligodendroglioma from the other two,
and neither alone tells all three: even with its latent known exactly, one modality's macro AUC
of the subtype cannot pass (1 + 3/4 + 3/4) / 3 = 0.83. Age and the ordinary mutations know a
little; `IDH1_mut` and `codel_1p19q` of the mutation table define the label, on purpose, and
must be left out by an experiment. `outcome.py` has the formulae of grade, survival, response.
"""

from dataclasses import dataclass

import numpy as np

from fusion.testing.demo.seeds import stream

KINDS = ("glioblastoma", "astrocytoma", "oligodendroglioma", "metastasis")
"""Classes of tumour, in the order of `WHEEL`'s numbers."""

WHEEL = (0, 1, 2, 0, 1, 2, 3)
"""Kinds of seven consecutive patients of a centre, before shuffling."""

SITES = ("frontal", "temporal", "parietal", "occipital", "insula")


@dataclass(frozen=True)
class Patient:
    """One patient's latent variables; `biology.py` has the distributions."""

    patient_id: str
    center: str
    kind: str
    idh: int
    codel: int
    necrosis: float
    roundness: float
    metabolism: float
    proliferation: float
    immune: float
    cellularity: float
    vascularity: float
    age: float
    """Years."""
    sex: str
    """F or M."""
    kps: int
    """Karnofsky performance status, 50 to 100."""
    site: str
    side: str
    """left or right."""
    lesions: int
    """How many foci the tumour has."""


def kinds(centers: list[str], rng: np.random.Generator) -> list[str]:
    """A class of tumour for each patient, balanced within each centre."""
    found: list[str] = [""] * len(centers)
    for center in dict.fromkeys(centers):
        members = np.array([i for i, name in enumerate(centers) if name == center])
        # every centre starts elsewhere on the wheel, or a small cohort would lack a class
        start = int(rng.integers(len(WHEEL)))
        for turn, member in enumerate(rng.permutation(members)):
            found[member] = KINDS[WHEEL[(start + turn) % len(WHEEL)]]
    return found


def draw_patient(patient_id: str, center: str, kind: str, rng: np.random.Generator) -> Patient:
    """Draw one patient's latents, given the class of tumour."""
    met = kind == "metastasis"
    idh = int(kind in ("astrocytoma", "oligodendroglioma"))
    codel = int(kind == "oligodendroglioma")
    wild = 1 - 2 * idh
    n = rng.standard_normal(8)
    lesions = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.3, 0.2, 0.2])) if met else 1
    if kind == "glioblastoma" and rng.random() < 0.15:
        lesions = 2
    age = (63 if met else 59 if not idh else 49) + 11 * n[0]
    return Patient(
        patient_id=patient_id,
        center=center,
        kind=kind,
        idh=idh,
        codel=codel,
        necrosis=round(float(1.6 * wild + (0.8 if met else 1.0) * n[1]), 4),
        roundness=round(float(1.6 * (2 * codel - 1) + n[2]), 4),
        metabolism=round(float(0.9 * wild + n[3]), 4),
        proliferation=round(float(0.4 * (1 - idh) + n[4]), 4),
        immune=round(float(n[5]), 4),
        cellularity=round(float(n[6]), 4),
        vascularity=round(float(n[7]), 4),
        age=round(float(np.clip(age, 19, 88)), 1),
        sex=str(rng.choice(["F", "M"])),
        kps=int(np.clip(10 * round(float(rng.normal(8.3, 1.1))), 50, 100)),
        site=str(rng.choice(SITES, p=[0.35, 0.25, 0.2, 0.1, 0.1])),
        side=str(rng.choice(["left", "right"])),
        lesions=lesions,
    )


def draw_patients(centers: list[str], *, seed: int, name: str) -> list[Patient]:
    """Draw one patient per entry of `centers`; another `name` gives an independent cohort.

    Example:
        >>> patients = draw_patients(["Aster"] * 7, seed=0, name="biology")
        >>> sorted({p.kind for p in patients})
        ['astrocytoma', 'glioblastoma', 'metastasis', 'oligodendroglioma']
    """
    chosen = kinds(centers, stream(seed, name + " kinds"))
    return [
        draw_patient(f"demo-{i + 1:04d}", center, kind, stream(seed, name, i))
        for i, (center, kind) in enumerate(zip(centers, chosen, strict=True))
    ]
