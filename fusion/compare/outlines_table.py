"""The comparison of outlines as text."""

import pandas as pd

from fusion.report.markdown import grid

HEAD = ("Region", "Part", "Centre", "Patients", "Runs each", "Dice (95 %)")


def as_markdown(table: pd.DataFrame) -> str:
    """What `compare_outlines` found, for a page.

    Example:
        >>> row = {"region": "WT", "part": "test", "center": "all", "patients": 9, "runs": 3}
        >>> print(as_markdown(pd.DataFrame([row | {"dice": 0.8, "low": 0.7, "high": 0.9}])))
        | Region | Part | Centre | Patients | Runs each | Dice (95 %) |
        | --- | --- | --- | --- | --- | --- |
        | WT | test | all | 9 | 3 | 0.800 (0.700 to 0.900) |
    """
    beside = "minus" in table
    head = [*HEAD, "minus beside", "p"] if beside else list(HEAD)
    rows = []
    for row in table.to_dict("records"):
        cells = [row["region"], row["part"], row["center"], row["patients"], row["runs"]]
        cells.append(f"{row['dice']:.3f} ({row['low']:.3f} to {row['high']:.3f})")
        if beside:
            ends = f"({row['minus_low']:+.3f} to {row['minus_high']:+.3f})"
            cells += [f"{row['minus']:+.3f} {ends}".replace("-", "−"), f"{row['p']:.3f}"]
        rows.append(cells)
    return grid(head, rows)
