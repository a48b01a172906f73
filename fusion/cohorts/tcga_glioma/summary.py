"""What was built, in words and numbers."""

import pandas as pd


def summary(manifest: pd.DataFrame, targets: pd.DataFrame, agreement: list[str]) -> str:
    """Patients per modality, target and centre, who has no input, and where tables disagree."""
    center = manifest.drop_duplicates("patient_id").set_index("patient_id")["center"]
    held = manifest.dropna(subset="modality").drop_duplicates(["patient_id", "modality"])
    nothing = [str(p) for p in center.index.difference(pd.Index(held["patient_id"]))]
    by_center = pd.crosstab(held["center"], held["modality"])
    by_center.insert(0, "patients", center.value_counts())
    by_center["deaths"] = targets["os_event"].groupby(center).sum().astype(int)
    lines = [
        f"{len(center)} patients, {center.nunique()} centres",
        "",
        "patients with each modality:",
        *(f"  {m}: {n}" for m, n in held["modality"].value_counts().sort_index().items()),
        f"  none at all: {len(nothing)}{': ' if nothing else ''}{', '.join(nothing)}",
        "",
        "targets:",
        *(
            f"  {name}: {_counts(targets[name])}"
            for name in targets.columns
            if "_time_" not in str(name)
        ),
        "",
        "do the source's tables agree?",
        *(f"  {line}" for line in agreement),
        "",
        by_center.sort_values("patients", ascending=False).to_string(),
    ]
    return "\n".join(lines) + "\n"


def _counts(values: pd.Series) -> str:
    counts = values.value_counts().sort_index()
    known = ", ".join(f"{label} {n}" for label, n in counts.items())
    return f"{known}, not known {int(values.isna().sum())}"
