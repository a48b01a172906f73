"""What becomes of a patient: the targets, as functions of the latents.

subtype    the class of `biology.py`; blank for a metastasis, like all but `diagnosis`
grade      glioblastoma: G4. astrocytoma: G4 where proliferation > 1, G3 where > 0, else G2.
           oligodendroglioma: G3 where proliferation > 0, else G2
os         Weibull, shape 1.4, median 900 days at log hazard 0; log hazard =
           0.8 p + 0.5 n + 0.7 c + 0.35 a - 0.2 k + 0.8 p n, where p = proliferation (RNA),
           n = tanh(necrosis) (MRI), c = cellularity (slides), a = (age - 54) / 12,
           k = (kps - 83) / 11 (clinical). p n is seen only by who sees MRI and RNA.
           Censored at an independent uniform time between 200 and 3200 days
response   of the treated, 60 % of the gliomas: logit = 6 i (v - 0.3) - 0.3, where i = immune
           (RNA) and v = sigmoid(-2 necrosis) (MRI): immune infiltration helps where tissue is
           alive and harms a little where it is not
diagnosis  metastasis or glioma
"""

import numpy as np
import pandas as pd

from fusion.testing.demo.biology import Patient
from fusion.testing.demo.seeds import stream

COLUMNS = ("subtype", "grade", "os_time_days", "os_event", "diagnosis", "response")
"""Columns of `targets.csv` after `patient_id`."""


def sigmoid(x: float) -> float:
    """Logistic function."""
    return float(1 / (1 + np.exp(-x)))


def grade(patient: Patient) -> str | None:
    """WHO grade as G2, G3 or G4; none for a metastasis."""
    match patient.kind:
        case "metastasis":
            return None
        case "glioblastoma":
            return "G4"
        case "astrocytoma":
            return (
                "G2" if patient.proliferation <= 0 else "G3" if patient.proliferation <= 1 else "G4"
            )
        case "oligodendroglioma":
            return "G2" if patient.proliferation <= 0 else "G3"
        case other:
            raise ValueError(f"no kind of tumour {other!r}")


def log_hazard(patient: Patient) -> float:
    """Log of the hazard relative to a patient with all terms at zero."""
    p, n = patient.proliferation, float(np.tanh(patient.necrosis))
    age, kps = (patient.age - 54) / 12, (patient.kps - 83) / 11
    return 0.8 * p + 0.5 * n + 0.7 * patient.cellularity + 0.35 * age - 0.2 * kps + 0.8 * p * n


def response_logit(patient: Patient) -> float:
    """Log odds of a response to treatment."""
    return 6 * patient.immune * (sigmoid(-2 * patient.necrosis) - 0.3) - 0.3


def true_targets(patients: list[Patient], *, seed: int) -> pd.DataFrame:
    """Every target without a gap or an error, indexed by patient; None where not defined."""
    rows = []
    for i, patient in enumerate(patients):
        rng = stream(seed, "outcome", i)
        glioma = patient.kind != "metastasis"
        scale = 900 / np.log(2) ** (1 / 1.4)
        death = scale * (rng.exponential() * np.exp(-log_hazard(patient))) ** (1 / 1.4)
        end = rng.uniform(200, 3200)
        treated = glioma and rng.random() < 0.6
        responds = rng.random() < sigmoid(response_logit(patient))
        rows.append(
            {
                "patient_id": patient.patient_id,
                "subtype": patient.kind if glioma else None,
                "grade": grade(patient),
                "os_time_days": max(1, round(min(death, end))) if glioma else None,
                "os_event": int(death <= end) if glioma else None,
                "diagnosis": "glioma" if glioma else "metastasis",
                "response": ("responder" if responds else "non_responder") if treated else None,
            }
        )
    table = pd.DataFrame(rows).set_index("patient_id")[list(COLUMNS)]
    return table.astype({"os_time_days": "Int64", "os_event": "Int64"})


def noisy(targets: pd.DataFrame, *, fraction: float, seed: int) -> pd.DataFrame:
    """Give a fraction of the known labels of each column a wrong value.

    A class becomes another class of the column; survival is passed round among those chosen.
    """
    found = targets.copy()
    for name in ("subtype", "grade", "diagnosis", "response"):
        rng = stream(seed, "label noise " + name)
        known = found.index[found[name].notna()]
        classes = sorted(set(found.loc[known, name]))
        if len(classes) < 2:  # nothing else to be
            continue
        chosen = rng.choice(known, round(fraction * len(known)), replace=False)
        now = np.array([classes.index(label) for label in found.loc[chosen, name]], dtype=int)
        other = (now + rng.integers(1, len(classes), len(now))) % len(classes)
        found.loc[chosen, name] = [classes[k] for k in other]
    known = found.index[found["os_event"].notna()]
    rng = stream(seed, "label noise os")
    chosen = rng.choice(known, round(fraction * len(known)), replace=False)
    pair = ["os_time_days", "os_event"]
    found.loc[chosen, pair] = targets.loc[np.roll(chosen, 1), pair].to_numpy()
    return found
