"""One sentence for each task: did any fusion beat the clinical model? And do heads differ?"""

from collections.abc import Sequence
from dataclasses import dataclass

from fusion.compare.family import Family
from fusion.compare.row import STRONGEST, Row
from fusion.report.numbers import number, p_value
from fusion.run.clinical import MODEL as CLINICAL

PLACES = {"external": "On external patients", "test": "On internal test patients"}


@dataclass(frozen=True)
class Answer:
    """Of one task."""

    task: str
    verdict: str
    """better, worse, unclear or unknown; better where any head is."""
    sentence: str
    more: str
    """About modalities alone and reference heads."""


def answer(family: Family, references: Sequence[str]) -> Answer:
    """By the corrected tests alone, on external patients where there are any."""
    task = family.task.name
    if not family.parts:
        text = f"For {task} there is no answer: no test or external patient has a label."
        return Answer(task, "unknown", text, "")
    part = family.parts[0]
    rows = family.of(part, CLINICAL, "head")
    better = [r for r in rows if r.verdict == "better"]
    worse = [r for r in rows if r.verdict == "worse"]
    known = [r for r in rows if r.value is not None and r.p_holm is not None]
    where = PLACES[part]
    if not known:
        why = rows[0].reason if rows else "no head has a prediction"
        text = f"{where}, no head could be tested against the clinical model for {task}: {why}."
        return Answer(task, "unknown", text, "")
    best = max(known, key=lambda r: _value(r.value))
    if better:
        said = f"{_list([r.model for r in better])} beat the clinical model for {task}"
        best = max(better, key=lambda r: _value(r.value))
    else:
        said = f"no fusion is shown to beat the clinical model for {task}"
    told = f"{where}, {said}: {_shown(best)}"
    if worse:
        told += f"; worse than it: {_list([r.model for r in worse])}"
    verdict = "better" if better else "worse" if len(worse) == len(rows) else "unclear"
    more = [_singles(family, part), *(_heads(family, part, name) for name in references)]
    return Answer(task, verdict, f"{told}.", " ".join(m for m in more if m))


def _shown(row: Row) -> str:
    around = ""
    if row.low is not None and row.high is not None:
        around = f" ({number(row.low, signed=True)} to {number(row.high, signed=True)})"
    p = p_value(row.p_holm)
    corrected = f"p\u00a0{p if p.startswith('<') else f'= {p}'} after correcting"
    return (
        f"the largest difference in {row.metric} is that of {row.model}, "
        f"{number(_value(row.value), signed=True)}{around} in {row.n} patients, {corrected}"
    )


def _singles(family: Family, part: str) -> str:
    rows = family.of(part, STRONGEST, "head")
    if not rows:
        return (
            "No modality was trained alone, so what fusing adds to the best of them is not known."
        )
    better = [r.model for r in rows if r.verdict == "better"]
    worse = [r.model for r in rows if r.verdict == "worse"]
    if better:
        said = [f"Better than every modality alone: {_list(better)}."]
    else:
        said = ["No head is shown to be better than every modality alone."]
    if worse:
        said.append(f"Worse than one of them: {_list(worse)}.")
    return " ".join(said)


def _heads(family: Family, part: str, reference: str) -> str:
    rows = [
        (r.model if r.versus == reference else r.versus, r)
        for r in family.rows
        if r.part == part
        and reference in (r.model, r.versus)
        and r.versus not in ("", CLINICAL)
        and r.kind == "head"
        and r.verdict
        and r.versus != STRONGEST
    ]
    if not rows:
        return ""
    differing = [
        f"{name} ({'better' if (r.verdict == 'better') == (r.model == name) else 'worse'})"
        for name, r in rows
        if r.verdict in ("better", "worse")
    ]
    if not differing:
        return f"No head is shown to differ from {reference} ({len(rows)} compared)."
    return f"Differing from {reference}: {_list(differing)}."


def _list(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


def _value(value: float | None) -> float:
    assert value is not None
    return value
