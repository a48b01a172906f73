"""What the files of each centre are like, as tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from fusion.doctor.facts import Outcome, SlideFacts, TableFacts, VolumeFacts
from fusion.doctor.table import ALL


def volume_file_table(outcome: Outcome) -> pd.DataFrame:
    """A row per volume; axes are from left to right, from back to front and upwards."""
    return pd.DataFrame(
        [
            {
                **_who(fact),
                "sequence": fact.entry.sequence or "",
                "shape": "x".join(map(str, fact.shape)),
                "orientation": fact.orientation or "",
                "spacing_right_mm": fact.spacing_mm and round(fact.spacing_mm[0], 4),
                "spacing_front_mm": fact.spacing_mm and round(fact.spacing_mm[1], 4),
                "spacing_up_mm": fact.spacing_mm and round(fact.spacing_mm[2], 4),
                "lowest": fact.lowest,
                "p99": fact.p99,
                "highest": fact.highest,
            }
            for fact in outcome.volumes
        ],
        columns=[
            *_WHO,
            *("sequence", "shape", "orientation"),
            *("spacing_right_mm", "spacing_front_mm", "spacing_up_mm"),
            *("lowest", "p99", "highest"),
        ],
    )


def slide_file_table(outcome: Outcome) -> pd.DataFrame:
    """A row per slide."""
    return pd.DataFrame(
        [
            {
                **_who(fact),
                "mpp": round(fact.mpp, 5),
                "magnification": fact.power,
                "vendor": fact.vendor,
                "width_px": fact.dimensions[0],
                "height_px": fact.dimensions[1],
                "levels": fact.levels,
                "tissue_share": round(fact.tissue_share, 4),
            }
            for fact in outcome.slides
        ],
        columns=[
            *_WHO,
            *("mpp", "magnification", "vendor", "width_px", "height_px", "levels", "tissue_share"),
        ],
    ).astype({"magnification": "float64"})


def sequence_table(volumes: pd.DataFrame, centers: Sequence[str]) -> pd.DataFrame:
    """`volume_file_table` by modality, sequence and centre."""
    records = [
        {
            "modality": modality,
            "sequence": sequence,
            "center": center,
            "files": len(rows),
            "orientations": _counts(rows["orientation"].replace("", "unknown")),
            "shapes": _counts(rows["shape"]),
            **{
                f"{name}_mm": _range(rows[f"spacing_{name}_mm"])
                for name in ("right", "front", "up")
            },
            "lowest": float(rows["lowest"].min()),
            "median_p99": float(rows["p99"].median()),
            "highest": float(rows["highest"].max()),
        }
        for modality, sequence, center, rows in _groups(volumes, ["modality", "sequence"], centers)
    ]
    names = ["modality", "sequence", "center", "files", "orientations", "shapes"]
    sizes = ["right_mm", "front_mm", "up_mm", "lowest", "median_p99", "highest"]
    return pd.DataFrame(records, columns=[*names, *sizes])


def slide_table(slides: pd.DataFrame, centers: Sequence[str]) -> pd.DataFrame:
    """`slide_file_table` by modality and centre."""
    records = [
        {
            "modality": modality,
            "center": center,
            "files": len(rows),
            "mpp": _range(rows["mpp"]),
            "magnifications": _counts(rows["magnification"].map(_power)),
            "vendors": _counts(rows["vendor"]),
            "width_px": _range(rows["width_px"]),
            "height_px": _range(rows["height_px"]),
            "levels": _counts(rows["levels"]),
            "tissue_share": _range(rows["tissue_share"]),
        }
        for modality, center, rows in _groups(slides, ["modality"], centers)
    ]
    names = ["modality", "center", "files", "mpp", "magnifications", "vendors"]
    return pd.DataFrame(
        records, columns=[*names, "width_px", "height_px", "levels", "tissue_share"]
    )


def table_table(tables: Sequence[TableFacts]) -> pd.DataFrame:
    """A row per modality, file and centre."""
    table = pd.DataFrame(
        [asdict(fact) for fact in tables], columns=list(TableFacts.__dataclass_fields__)
    )
    return table.astype({"missing_share": "float64"}).round({"missing_share": 4})


_WHO = ("patient_id", "center", "modality", "file", "line")


def _who(fact: VolumeFacts | SlideFacts) -> dict[str, object]:
    entry = fact.entry
    values = (entry.patient_id, entry.center, entry.modality, fact.file, entry.line)
    return dict(zip(_WHO, values, strict=True))


def _groups(
    files: pd.DataFrame, by: list[str], centers: Sequence[str]
) -> list[tuple]:  # names, centre, rows
    found = []
    for names, rows in files.groupby(by, sort=True):
        found.append((*names, ALL, rows))
        for center in centers:
            mine = rows[rows["center"] == center]
            if len(mine):
                found.append((*names, center, mine))
    return found


def _range(values: pd.Series) -> str:
    """`0.25` or `0.25 to 0.5`.

    Example:
        >>> _range(pd.Series([0.5, 0.25])), _range(pd.Series([None], dtype=float))
        ('0.25 to 0.5', '')
    """
    known = values.dropna()
    if known.empty:
        return ""
    low, high = (f"{value:.6g}" for value in (known.min(), known.max()))
    return low if low == high else f"{low} to {high}"


def _counts(values: pd.Series) -> str:
    """Each value with how often it occurs, the most frequent first, if they are few.

    Example:
        >>> _counts(pd.Series(["LPS", "RAS", "LPS"])), _counts(pd.Series(range(9)))
        ('LPS (2), RAS (1)', '9 different')
    """
    counts = Counter(values.tolist())
    if len(counts) > 4:
        return f"{len(counts)} different"
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return ", ".join(f"{value} ({count})" for value, count in ranked)


def _power(value: float) -> str:
    return "not stated" if pd.isna(value) else f"{value:g}x"
