"""Do the files of a finished run agree with each other?"""

from collections.abc import Mapping, Sequence

import pandas as pd

from fusion.audit.check import Check, Finding
from fusion.audit.fits import Fit
from fusion.audit.roster import Roster
from fusion.types import PatientId

EPOCH = "epoch of "
"""How the choice of a model's epoch begins in the notes; its name follows."""


def parts_agree(predictions: pd.DataFrame | None, roster: Roster) -> Check:
    """Every prediction is of the part that the split gives the patient.

    Args:
        predictions: as in predictions.parquet; None before there are any.
        roster: as the split divides them.
    """
    findings = []
    if predictions is not None:
        who = predictions.drop_duplicates(["patient_id", "part"])
        evaluated = zip(map(PatientId, who["patient_id"]), map(str, who["part"]), strict=True)
        moved = [
            (patient, here, roster.parts.get(patient, "no part"))
            for patient, here in evaluated
            if roster.parts.get(patient) != here
        ]
        if moved:
            shown = "; ".join(
                f"{p} as {here}, in the split {there}" for p, here, there in moved[:5]
            )
            findings.append(
                Finding(
                    severity="error",
                    message=(
                        f"{len(moved)} patients were evaluated in another part than the split "
                        f"gives them: {shown}. Was split.json or predictions.parquet changed?"
                    ),
                    patients=tuple(p for p, _, _ in moved),
                )
            )
    return Check(
        name="predictions and split",
        question="Was every patient evaluated in the part that the split gives?",
        findings=tuple(findings),
        not_asked="" if predictions is not None else "nothing is predicted yet",
    )


def best_epochs(fits: Sequence[Fit], histories: Mapping[str, pd.DataFrame]) -> Check:
    """The epoch in use has the lowest validation loss of its model's history.

    Args:
        fits: the notes of the run.
        histories: model -> table with `epoch` and `val_loss`.
    """
    chosen = {f.what.removeprefix(EPOCH): f.value for f in fits if f.what.startswith(EPOCH)}
    rows, findings = [], []
    for model, history in sorted(histories.items()):
        losses = history.dropna(subset=["val_loss"]) if "val_loss" in history else history[:0]
        if chosen.get(model) is None or losses.empty:
            continue
        best = float(losses["epoch"].iloc[int(losses["val_loss"].argmin())])
        rows.append([model, int(chosen[model] or 0), int(best), len(losses)])
        if best != chosen[model]:
            findings.append(
                Finding(
                    severity="error",
                    message=(
                        f"{model} uses the weights of epoch {int(chosen[model] or 0)}, but the "
                        f"validation loss was lowest in epoch {int(best)}: what else chose it? "
                        "Train it again"
                    ),
                    subject=model,
                )
            )
    return Check(
        name="epoch by validation",
        question="Is each model's epoch the one with the lowest validation loss?",
        findings=tuple(findings),
        not_asked="" if rows else "no model of this run is trained yet",
        table=pd.DataFrame(rows, columns=["model", "epoch", "lowest_val_loss_in", "epochs"]),
    )
