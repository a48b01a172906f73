"""The model card: who made what, for whom, how good it is and where it must not be used."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from fusion.report.headline import headline
from fusion.report.limits import limits
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, value
from fusion.report.summary import RunSummary
from fusion.report.who import PART_TITLES, patients_by_center


def model_card(summary: RunSummary, metrics: Metrics, *, license_id: str = "apache-2.0") -> str:
    """Markdown with the header that model hubs read. Names no patient.

    Notes, commands and reasons of exclusion stay in the report: they may name patients or paths.

    Args:
        summary: the facts of the run.
        metrics: of the run.
        license_id: SPDX identifier of the weights' licence, in lower case.

    Source: Mitchell et al., Model Cards for Model Reporting, 2019.
    """
    modalities = [str(c) for c in summary.presence.columns]
    parts = Counter(summary.parts.values())
    counts = ", ".join(f"{parts[p]} {title.lower()}" for p, title in PART_TITLES.items())
    answers = [headline(metrics, task) for task in summary.tasks]
    named = limits(metrics, summary)[len(summary.notes) :]
    sections = [
        _header(summary, metrics, modalities, license_id),
        f"# {_plain(summary.title)}",
        "**Research use only. Not validated for the care of patients.**",
        "## Model details",
        _list(
            [
                f"Made with {', '.join(f'{k} {v}' for k, v in summary.versions.items())}"
                + (f" on {summary.date}" if summary.date else ""),
                f"Inputs: {', '.join(modalities)}; any of them may be missing for a patient",
                *(f"Predicts {t.name} ({t.kind}): {', '.join(t.columns)}" for t in summary.tasks),
                f"Fingerprint of the cohort: {summary.fingerprint}",
                f"Licence of the weights: {license_id}",
            ]
        ),
        "## Intended use",
        _plain(summary.question),
        "For research on cohorts like the one below. Not for decisions about a patient, nor for "
        "tumours, scanners, stains or assays that training did not see.",
        "## Factors",
        _by_center(summary, modalities),
        "## Metrics",
        _plain(f"Primary: {'; '.join(f'{t.name}: {t.primary}' for t in summary.tasks)}.")
        + f" Intervals are 95 % percentiles over {metrics.draws} resamples of the patients (seed "
        f"{metrics.seed}). Differences are paired by patient.",
        "## Evaluation data",
        f"{counts} patients. {_plain(summary.split_scheme)}",
        "## Training data",
        f"{parts['train']} patients, and {parts['val']} to choose the epoch. "
        f"{len(summary.excluded)} were left out; the report of the run says who and why.",
        "## Quantitative analyses",
        *(f"{_plain(a.sentence)} {_plain(a.singles)}".strip() for a in answers),
        _results(metrics, [t.primary for t in summary.tasks]),
        "## Ethical considerations",
        "Hospitals, and the people whom they treat, differ in more than the model has seen; it may "
        "do worse for groups that are rare in its training data, and nothing here shows that it "
        "does not. Weights may reveal something of the patients they were trained on: share them "
        "as the data's terms allow.",
        "## Caveats and recommendations",
        _list(named),
    ]
    return "\n\n".join(sections) + "\n"


def _header(
    summary: RunSummary, metrics: Metrics, modalities: Sequence[str], license_id: str
) -> str:
    """YAML, its texts quoted as JSON, which YAML reads."""
    results = [
        {
            "task": {"type": t.kind, "name": t.name},
            "dataset": {"type": part.replace(" ", "-"), "name": f"{part} patients"},
            "metrics": [{"type": t.primary, "value": row.value, "name": t.primary}],
        }
        for t in summary.tasks
        for part in ("internal test", "external")
        if (row := metrics.one(model=metrics.model, task=t.name, metric=t.primary, part=part))
        and row.value is not None
    ]
    fields = {
        "license": license_id,
        "library_name": "fusion-onco",
        "tags": ["medical", "oncology", "multimodal", "research-use-only", *modalities],
        "metrics": sorted({t.primary for t in summary.tasks}),
        "model-index": [{"name": summary.title, "results": results}],
    }
    lines = [f"{name}: {json.dumps(content)}" for name, content in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _by_center(summary: RunSummary, modalities: Sequence[str]) -> str:
    table = patients_by_center(summary)
    rows = [[c["center"], *(c[p] for p in PART_TITLES)] for c in table.to_dict("records")]
    shares = ", ".join(f"{m} {100 * summary.presence[m].mean():.0f} %" for m in modalities)
    text = _plain(f"Patients by centre (modalities: {shares}):")
    return f"{text}\n\n{_table(['Centre', *PART_TITLES.values()], rows)}"


def _results(metrics: Metrics, primary: Sequence[str]) -> str:
    def shown(row: MetricRow) -> str:
        return f"{value(row)} ({interval(row)})" if row.value is not None else value(row)

    rows = [
        [r.task, r.metric, r.part, _name(r), r.n, shown(r)]
        for r in metrics.rows
        if r.pooled and r.metric in primary and r.part != "validation"
    ]
    return _table(["Task", "Metric", "Patients", "Model", "n", "Value (95 % interval)"], rows)


def _name(row: MetricRow) -> str:
    return row.model if row.versus is None else f"{row.model} − {row.versus}"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_plain(str(c)) for c in line) + " |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(item)}" for item in items)


def _plain(text: str) -> str:
    """Text that Markdown and the HTML made of it take as text."""
    for mark, safe in {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.items():
        text = text.replace(mark, safe)
    for mark in "\\`*_[]|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
