"""Runs -> compare.html, compare.md, compare.json, compare.csv and figures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from fusion.compare.agree import Entry, agree
from fusion.compare.answer import Answer, answer
from fusion.compare.entrants import field
from fusion.compare.family import Family, compare
from fusion.compare.figure import forest
from fusion.compare.notes import notes
from fusion.compare.progress import comparing
from fusion.compare.rule import Settings
from fusion.compare.runs import find, read
from fusion.compare.sheets import as_table, beside_sheet, heads_sheet, main_sheet
from fusion.compare.sheets_beside import resources_sheet, strata_sheet
from fusion.compare.strata import strata
from fusion.compare.within import Within, within
from fusion.report.drawing import Blank, Drawing
from fusion.report.markdown import bullets, grid, plain
from fusion.report.page import page
from fusion.report.publish import publish, to_csv
from fusion.report.sheet import Section, Sheet
from fusion.run.resources import Resources

_TEMPLATES = Path(__file__).parent / "templates"


def compare_runs(
    patterns: Sequence[str],
    out: Path,
    *,
    references: Sequence[str],
    draws: int,
    seed: int,
    command: str,
) -> list[Answer]:
    """Compare finished runs, write everything, and return the answers.

    Args:
        patterns: of folders, as in a shell.
        out: folder to write.
        references: heads that the others are held against, where they are there.
        draws: of the bootstrap, where the rule asks for one.
        seed: of it.
        command: that repeats it.

    Raises:
        ComparisonError: where the runs may not be compared.
        ConfigError: for too few draws.
        ReadError, PredictionsError, SplitError: for files that are absent or torn.
        ReportError: where a file cannot be written.
    """
    folders, runs = find(patterns), []
    with comparing() as (begin, step):
        begin("reading runs", len(folders))
        for folder in folders:
            runs.append(read(folder))
            step()
        entries = agree(runs)
        groups, remarks = strata(entries)
        shares = {part: _share(entries, part) for part in ("test", "external")}
        families, strata_of, answers = [], [], []
        for task in entries[0].run.tasks:
            everybody = field(entries, task)
            models = sum(len(everybody.of(part).everybody) for part in shares)
            begin(f"{task.name}: tests, then strata", 1 + models)
            family = compare(
                everybody, references=references, shares=shares, draws=draws, seed=seed
            )
            families.append(family)
            answers.append(answer(family, references))
            step()
            settings = Settings(draws=draws, seed=seed, share=shares["test"])
            strata_of.append([*within(everybody, groups, settings, step)])
    sections = {
        f"{f.task.name} ({f.task.primary})": _section(f, w, references)
        for f, w in zip(families, strata_of, strict=True)
    }
    took = resources_sheet(_resources(entries))
    if took is not None:
        sections["What it took"] = Section.of([took])
    told = [*notes(entries, families, shares, draws), *remarks]
    _write(out, entries, families, strata_of, answers, sections, told, command)
    return answers


def _section(family: Family, strata_rows: Sequence[Within], references: Sequence[str]) -> Section:
    items: list[Sheet | Drawing | Blank | None] = [main_sheet(family)]
    items += [forest(family, part) for part in family.parts]
    items += [heads_sheet(family, references), beside_sheet(family, "single")]
    items += [beside_sheet(family, "subset"), strata_sheet(family.task.name, strata_rows)]
    return Section.of([item for item in items if item is not None])


def _write(
    out: Path,
    entries: Sequence[Entry],
    families: Sequence[Family],
    strata_of: Sequence[Sequence[Within]],
    answers: Sequence[Answer],
    sections: Mapping[str, Section],
    told: Sequence[str],
    command: str,
) -> None:
    title = "Did fusion help?"
    labels = list(dict.fromkeys(e.label for e in entries))
    folds = list(dict.fromkeys(e.fold for e in entries))
    seeds = sorted({e.seed for e in entries})
    counts = (
        f"{len(labels)} configurations: {', '.join(labels)} · {len(folds)} folds · "
        f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''} · {len(entries)} runs"
    )
    rows = [row for family in families for row in family.rows]
    within_rows = [w for found in strata_of for w in found]
    document = {
        "format": "fusion-compare/1",
        "answers": [asdict(a) for a in answers],
        "notes": list(told),
        "runs": [
            {"folder": str(e.run.folder), "label": e.label, "fold": e.fold, "seed": e.seed}
            for e in entries
        ],
        "rows": [asdict(r) for r in rows],
        "strata": [asdict(w) for w in within_rows],
    }
    publish(out / "compare.json", (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
    publish(out / "compare.csv", to_csv(as_table(rows)))
    publish(out / "strata.csv", to_csv(pd.DataFrame([asdict(w) for w in within_rows])))
    for section in sections.values():
        for item in section.items:
            if isinstance(item, Drawing) or item.name == "resources":
                item.save(out)
    html = page(
        "compare.html",
        _TEMPLATES,
        title=title,
        counts=counts,
        answers=answers,
        notes=told,
        sections=sections,
        command=command,
        runs=[f"{e.run.folder}: {e.label}, {e.fold}, seed {e.seed}" for e in entries],
    )
    publish(out / "compare.html", html.encode())
    publish(out / "compare.md", _markdown(title, counts, answers, told, sections).encode())


def _markdown(
    title: str,
    counts: str,
    answers: Sequence[Answer],
    told: Sequence[str],
    sections: Mapping[str, Section],
) -> str:
    parts = [f"# {title}", plain(counts)]
    parts += [plain(f"{a.sentence} {a.more}") for a in answers]
    parts.append(bullets(told))
    for name, section in sections.items():
        parts.append(f"## {plain(name)}")
        for item in section.items:
            if isinstance(item, Drawing):
                parts.append(f"![{plain(item.title)}]({item.name}.png)")
            elif not item.folded:
                parts += _table(item)
    return "\n\n".join(parts) + "\n"


def _table(sheet: Sheet) -> list[str]:
    found = [f"**{plain(sheet.table.caption)}**"]
    for block in sheet.table.blocks:
        if block.name:
            found.append(plain(block.name))
        rows = [
            [line.name, *(f"{c.text} ({c.interval})" if c.interval else c.text for c in line.cells)]
            for line in block.lines
        ]
        found.append(grid(sheet.table.columns, rows))
    return [*found, *[plain(sheet.note)] * bool(sheet.note)]


def _share(entries: Sequence[Entry], part: str) -> float:
    """Patients tested over patients trained on, averaged over folds; 1 where nobody is tested."""
    splits = {e.fold: e.run.split for e in entries}.values()
    shares = [len(getattr(s, part)) / len(s.train) for s in splits if s.train]
    return float(np.mean(shares)) or 1.0


def _resources(entries: Sequence[Entry]) -> Mapping[str, list[Resources]]:
    found: dict[str, list[Resources]] = {}
    for e in entries:
        for model, took in e.run.resources.items():
            name = e.label if model == "fusion" else model.replace("_", " ")
            found.setdefault(name, []).append(took)
    return found
