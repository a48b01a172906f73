"""Tables of a comparison, laid out for reading."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from fusion.compare.family import Family
from fusion.compare.row import STRONGEST, Row
from fusion.report.numbers import number, p_value
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.run.clinical import MODEL as CLINICAL

TITLES = {"external": "External patients", "test": "Internal test patients"}


def main_sheet(family: Family) -> Sheet:
    """Every model, its distance from the clinical model and from the strongest modality alone."""
    task = family.task
    counted = ("Events",) if task.kind == "survival" else ("Positive",)
    has_events = any(r.events is not None for r in family.rows)
    noisy = any(r.noise is not None for r in family.rows)
    blocks = []
    for part in family.parts:
        lines = []
        for row in family.of(part, "", "clinical", "single", "head"):
            lines.append(_line(family, part, row, counted=has_events, noisy=noisy))
        blocks.append(Block(TITLES[part], tuple(lines)))
    head = (
        "Model",
        "Patients",
        *(counted if has_events else ()),
        task.primary,
        *(("Training noise",) if noisy else ()),
        "Minus clinical",
        "p (Holm)",
        "Verdict",
        "Minus the strongest alone",
        "p (Holm)",
        "Verdict",
    )
    tests = sorted({r.test for r in family.rows if r.verdict and r.test})
    note = (
        f"Mean over folds (95 % interval). Test: {', '.join(tests)}. Holm over {family.tests} "
        "tests of this task; a verdict is given by the corrected p alone. Differences are on the "
        "patients of both models, so they need not equal the difference of the two means."
    )
    table = Table(f"{task.name}: every model against the clinical one", head, tuple(blocks))
    return Sheet(f"compare_{task.name}", table, as_table(family.rows), note)


def heads_sheet(family: Family, references: Sequence[str]) -> Sheet | None:
    """Each head against the reference heads; None where there is none."""
    blocks = []
    for part in family.parts:
        rows = [
            r for r in family.rows if r.part == part and r.kind == "head" and r.versus in references
        ]
        lines = [Line(f"{r.model} minus {r.versus}", (Cell(str(r.n)), *_gap(r))) for r in rows]
        if lines:
            blocks.append(Block(TITLES[part], tuple(lines)))
    if not blocks:
        return None
    head = ("Heads", "Patients", family.task.primary, "p (Holm)", "Verdict")
    table = Table(f"{family.task.name}: do heads differ?", head, tuple(blocks))
    return Sheet(f"heads_{family.task.name}", table, as_table(family.rows))


def beside_sheet(family: Family, kinds: str) -> Sheet | None:
    """What is shown without a claim: modalities hidden (`subset`), or heads minus each single."""
    blocks = []
    for part in family.parts:
        rows = [
            r
            for r in family.rows
            if r.part == part
            and not r.verdict
            and (r.kind == "subset" if kinds == "subset" else r.kind == "head" and r.versus)
        ]
        if kinds == "subset":
            gaps = {r.model: r for r in rows if r.versus == CLINICAL}
            lines = [
                Line(r.model, (Cell(str(r.n)), _cell(r), _cell(gaps.get(r.model))))
                for r in rows
                if not r.versus
            ]
        else:
            lines = [Line(f"{r.model} minus {r.versus}", (Cell(str(r.n)), _cell(r))) for r in rows]
        if lines:
            blocks.append(Block(TITLES[part], tuple(lines)))
    if not blocks:
        return None
    name = family.task.name
    note = "95 % intervals that are not corrected; nothing is claimed here."
    if kinds == "subset":
        note += " The other modalities are hidden from patients who have them all."
        head: tuple[str, ...] = ("Model", "Patients", family.task.primary, "Minus clinical")
        table = Table(f"{name}: with some modalities hidden", head, tuple(blocks))
    else:
        head = ("Models", "Patients", f"Difference in {family.task.primary}")
        table = Table(f"{name}: each head minus each modality alone", head, tuple(blocks))
    return Sheet(f"{kinds}_{name}", table, as_table(family.rows), note, folded=True)


def as_table(rows: Sequence[Row]) -> pd.DataFrame:
    """For the CSV, without the folds."""
    return pd.DataFrame(
        [{k: v for k, v in asdict(r).items() if k not in ("per_fold", "left_out")} for r in rows]
    )


def _line(family: Family, part: str, row: Row, *, counted: bool, noisy: bool) -> Line:
    def one(versus: str) -> Row | None:
        found = [r for r in family.of(part, versus) if r.model == row.model]
        return found[0] if found else None

    clinical, alone = one(CLINICAL), one(STRONGEST)
    cells = [Cell(str(row.n))]
    if counted:
        cells.append(Cell("–" if row.events is None else str(row.events)))
    cells.append(_cell(row))
    if noisy:
        cells.append(Cell("–" if row.noise is None else f"± {number(row.noise)}"))
    gaps = [*_gap(clinical), *_gap(alone)]
    if alone is not None and alone.value is not None and alone.against:
        gaps[3] = Cell(gaps[3].text, f"{alone.against}; {gaps[3].interval}")
    return Line(row.model, (*cells, *gaps), main=row.kind == "head")


def _gap(row: Row | None) -> tuple[Cell, Cell, Cell]:
    if row is None:
        return Cell("–"), Cell("–"), Cell("–")
    return _cell(row), Cell(p_value(row.p_holm) or "–"), Cell(row.verdict or "–")


def _cell(row: Row | None) -> Cell:
    if row is None:
        return Cell("–")
    if row.value is None:
        what = row.metric if not row.versus else f"{row.metric} minus {row.versus}"
        return Cell("–", note=(what, f"{row.model}, {TITLES[row.part].lower()}", row.reason))
    signed = bool(row.versus)
    around = ""
    if row.low is not None and row.high is not None:
        around = f"{number(row.low, signed=signed)} to {number(row.high, signed=signed)}"
    return Cell(number(row.value, signed=signed), around)
