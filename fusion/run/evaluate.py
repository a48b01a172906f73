"""A bundle on another cohort: predictions, metrics and a report, labels or not."""

from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

from fusion.config.parts.tasks import task_infos
from fusion.metrics.censoring import Censoring
from fusion.report.predictions import save
from fusion.report.region_section import save_regions
from fusion.report.summary import RunSummary
from fusion.report.write import write_report
from fusion.run.added import added
from fusion.run.audit_bundle import examine_cohort
from fusion.run.audit_files import write_audit
from fusion.run.bundle import load_bundle, open_folder
from fusion.run.bundle_files import sha256
from fusion.run.characteristics import characteristics, known_subgroups
from fusion.run.export import versions
from fusion.run.methods import kinds, methods, stands_in
from fusion.run.outlines import outline_places
from fusion.run.regions import tell_regions
from fusion.run.wishes import wishes


def evaluate(
    *,
    bundle: Path,
    cohort: Path,
    out: Path,
    name: str | None,
    cache: Path | None,
    patch_encoders: dict[str, str],
    on_fault: str | None,
    draws: int,
) -> Path:
    """Predict a cohort that the model has never met, and say how well.

    Returns:
        The report; `predictions.parquet` and `metrics.json` lie beside it.

    Raises:
        LeakageError: where the cohort shares a patient, or the input of one, with training.
        BundleError: where the bundle is torn or changed.
        CohortError: listing every fault of the cohort.
    """
    say = Console().print
    model = load_bundle(bundle, cache=cache, patch_encoders=patch_encoders, on_fault=on_fault)
    found = open_folder(cohort, name)
    model.refuse_known(found)
    say(f"[bold]predicting[/] {len(found.patients)} patients of {found.name}")
    place, inputs = model.take(found)
    audit = examine_cohort(model, place, inputs)
    write_audit(out, audit)
    audit.refuse()
    rows = model.predict_inputs(place, inputs)
    out.mkdir(parents=True, exist_ok=True)
    save(rows, out / "predictions.parquet")
    predicted = list(dict.fromkeys(rows["patient_id"]))
    presence = found.presence().reindex(columns=sorted(model.sources), fill_value=False)
    for modality, patients in inputs.unusable.items():
        presence.loc[presence.index.isin(patients), modality] = False
    known = characteristics(model.config, [place])
    tasks = [i for n, t in model.config.tasks.items() for i in task_infos(n, t)]
    filled = stands_in(model.config)
    summary = RunSummary(
        title=f"{model.config.name} on {found.name}",
        question=model.config.question,
        command=f"python scripts/evaluate.py bundle={bundle} cohort={cohort}",
        versions=versions(),
        fingerprint=found.fingerprint(),
        split_scheme="an external cohort: nothing was fitted here",
        tasks=tasks,
        presence=presence.loc[predicted],
        centers={p: found.centers[p] for p in predicted},
        parts=dict.fromkeys(predicted, "external"),
        excluded=[
            (p, f"has none of {', '.join(sorted(model.sources))}")
            for p in found.patients
            if p not in set(predicted)
        ],
        notes=[*([filled] if filled else []), *inputs.sentences()],
        audit=audit,
        characteristics=known,
        subgroups=known_subgroups(model.config, known),
        kinds=kinds(model.config),
        methods=methods(model.config),
        fingerprints={
            "weights of the bundle": sha256(bundle / "weights.safetensors"),
            "cohort of training": model.about["cohort"]["fingerprint"],
        },
        added=added(
            model.trained,
            [place],
            inputs,
            tasks=tasks,
            loader=model.config.loader,
            device=torch.device("cpu"),
        ),
    )
    outlines = outline_places(
        model.config, model.trained, inputs, [place], device=torch.device("cpu")
    )
    if outlines is not None:
        outlines.save(out)
        summary = replace(summary, outlines=outlines)
    regions = tell_regions(model.trained, inputs, [place], torch.device("cpu"))
    if regions is not None:
        save_regions(regions, out)
        summary = replace(summary, regions=regions)
    asked = replace(
        wishes(model.config.evaluation),
        brought=model.about["thresholds"],
        censoring={t: Censoring.of(state) for t, state in model.about["censoring"].items()},
    )
    return write_report(out, rows, summary, draws=draws, seed=model.config.seed, wishes=asked)
