"""The model card: who made what, for whom, how good it is and where it must not be used."""

import json
from collections import Counter
from collections.abc import Sequence

from fusion.report.card_patients import audit_summary, by_center, factors, training_table
from fusion.report.harmonised import harmonised
from fusion.report.headline import headline
from fusion.report.limits import limits
from fusion.report.markdown import bullets, grid, plain
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, number, value
from fusion.report.population import Population
from fusion.report.summary import RunSummary
from fusion.report.who import PART_TITLES


def model_card(
    summary: RunSummary, metrics: Metrics, who: Population, *, license_id: str = "apache-2.0"
) -> str:
    """Markdown with the header that model hubs read. Names no patient and no path.

    Notes, commands, findings of the audit and reasons of exclusion stay in the report: they may
    name patients or paths. A class that few training patients have is not counted.

    Args:
        summary: the facts of the run.
        metrics: of the run.
        who: the patients, counted.
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
        f"# {plain(summary.title)}",
        "**Research use only. Not validated for the care of patients.**",
        "## Model details",
        bullets(
            [
                f"Made with {', '.join(f'{k} {v}' for k, v in summary.versions.items())}"
                + (f" on {summary.date}" if summary.date else ""),
                f"Inputs: {', '.join(modalities)}; any of them may be missing for a patient",
                *(f"Predicts {t.name} ({t.kind}): {', '.join(t.columns)}" for t in summary.tasks),
                f"Fingerprint of the cohort: {summary.fingerprint}",
                *(f"Fingerprint of the {k}: {v}" for k, v in summary.fingerprints.items()),
                f"Licence of the weights: {license_id}",
            ]
        ),
        "## Intended use",
        f"The question: {plain(summary.question)}",
        bullets(
            [
                "For: research on cohorts like the one below, by people who know how it was made",
                "For: comparison with other models, on patients whom this one has not met",
                "Not for: a decision about a patient, alone or as one reason among others",
                "Not for: tumours, scanners, stains, assays or ages that training did not see",
                "Before any use elsewhere: evaluate it there, calibration included",
            ]
        ),
        "## Factors",
        factors(summary, modalities),
        "## Metrics",
        plain(f"Primary: {'; '.join(f'{t.name}: {t.primary}' for t in summary.tasks)}.")
        + f" Intervals are 95 % percentiles over {metrics.draws} resamples of the patients (seed "
        f"{metrics.seed}). Differences are paired by patient.",
        "## Evaluation data",
        f"{counts} patients. {plain(summary.split_scheme)}",
        by_center(summary),
        "## Training data",
        f"{parts['train']} patients, and {parts['val']} to choose the epoch. "
        f"{len(summary.excluded)} were left out; the report of the run says who and why.",
        training_table(who),
        "## Quantitative analyses",
        *(f"{plain(a.sentence)} {plain(a.singles)}".strip() for a in answers),
        _results(metrics, [t.primary for t in summary.tasks]),
        *_pooled(metrics),
        "## Leakage, shift and harmonisation",
        audit_summary(summary.audit),
        *([bullets(changed)] if (changed := harmonised(metrics, summary)) else []),
        "## Ethical considerations",
        "Hospitals, and the people whom they treat, differ in more than the model has seen; it may "
        "do worse for groups that are rare in its training data, and nothing here shows that it "
        "does not. A probability looks more certain than it is: show it with its calibration at "
        "the place of use. Weights may reveal something of the patients they were trained on: "
        f"share them as the data's terms and the patients' consent allow. {_kept(summary)}Whoever "
        "passes the model on passes this card on.",
        "## Caveats and recommendations",
        bullets(named),
    ]
    return "\n\n".join(sections) + "\n"


def _kept(summary: RunSummary) -> str:
    """What the weights hold of single patients."""
    if not summary.methods.get("patients in the weights"):
        return ""
    return (
        "These weights hold a vector of each training patient, to fill in what others lack: pass "
        "them on only where data of these patients may be passed on. "
    )


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


def _results(metrics: Metrics, primary: Sequence[str]) -> str:
    def shown(row: MetricRow) -> str:
        return f"{value(row)} ({interval(row)})" if row.value is not None else value(row)

    rows = [
        [r.task, r.metric, r.part, _name(r), r.n, shown(r)]
        for r in metrics.rows
        if r.pooled and r.metric in primary and r.part != "validation"
    ]
    return grid(["Task", "Metric", "Patients", "Model", "n", "Value (95 % interval)"], rows)


def _pooled(metrics: Metrics) -> list[str]:
    """Over external centres, with what to expect at a new one."""
    rows = []
    for r in metrics.pooled:
        if r.value is None or r.low is None or r.high is None:
            continue
        mean = f"{number(r.value)} ({number(r.low)} to {number(r.high)})"
        new = "needs three centres"
        if r.predicted_low is not None and r.predicted_high is not None:
            new = f"{number(r.predicted_low)} to {number(r.predicted_high)}"
        rows.append([r.task, r.metric, r.model, r.method, r.centers, mean, new])
    if not rows:
        return []
    head = ["Task", "Metric", "Model", "Method", "External centres", "Mean (95 %)"]
    text = "Over external centres; the last column is where a new centre like these may lie:"
    return [text, grid([*head, "A new centre (95 %)"], rows)]


def _name(row: MetricRow) -> str:
    return row.model if row.versus is None else f"{row.model} − {row.versus}"
