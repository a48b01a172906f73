"""Replies about the patients: where they are from, who was left out, what is missing."""

from fusion.report.checklists.facts import Facts, named
from fusion.report.checklists.item import Reply, authors, no, not_applicable, yes
from fusion.report.who import PART_TITLES


def sources(f: Facts) -> Reply:
    """Origin of the data: the run knows centres and counts, not how patients came to them."""
    n, k = f.who.flow.included, len(f.centers)
    note = f"The run supplies: {n} patients of {k} centres ({named(f.centers)})."
    return authors(note, "who")


def eligibility(f: Facts) -> Reply:
    """Technical exclusions only; clinical criteria were applied before the manifest."""
    out = sum(f.who.flow.left_out.values())
    return authors(f"The run supplies: {out} left out, each with the reason.", "left-out")


def outcome(f: Facts) -> Reply:
    """Classes and horizons are known, how the truth was found is not."""
    said = []
    for task in f.summary.tasks:
        days = ", ".join(f"{h:g}" for h in task.horizons_days)
        timed = f"time to event{f' at {days} days' if days else ''}"
        what = timed if task.kind == "survival" else ", ".join(task.classes)
        said.append(f"{task.name} ({what})")
    return authors(f"The run supplies what is predicted: {'; '.join(said)}.", "asked")


def sample_size(f: Facts) -> Reply:
    """Counts, no calculation."""
    arms = ", ".join(f"{PART_TITLES[a.part].lower()} {a.patients}" for a in f.who.flow.arms)
    return authors(f"The run made no calculation; it supplies the numbers: {arms}.", "who")


def missing_data(f: Facts) -> Reply:
    """How gaps were handled is known of our own models."""
    where = ("missing", "tables/missing_by_center.csv")
    if not f.ours:
        return authors("The run supplies counts by centre.", *where)
    absent = "An absent modality is left out, never filled in"
    if f.uses("filled modalities"):
        absent = "What stands for an absent modality is under the limits"
    note = (
        f"{absent}; gaps in tables take the training median; "
        "a patient without a label counts in no number of that task."
    )
    return yes(note, *where)


def flow(f: Facts) -> Reply:
    """The diagram."""
    return yes("Flow diagram, with the patients who have each label.", "who", "figures/flow.csv")


def characteristics(f: Facts) -> Reply:
    """Table one."""
    where = ("table-one", "tables/table_one.csv")
    if f.summary.characteristics is None:
        return no("Age, sex and the like were not given to this report.", *where)
    return yes("By part and by centre; dates and treatments you say.", *where)


def comparison_with_training(f: Facts) -> Reply:
    """Standardised differences from the training patients."""
    if not f.develops:
        return no("The training patients are not part of this report.")
    if not f.external_centers and f.who.flow.arm("test") is None:
        return not_applicable("nobody was evaluated")
    return yes("Each part against training, with standardised differences.", "table-one")


def numbers_analysed(f: Facts) -> Reply:
    """Every row has its n."""
    return yes("Patients and events stand beside every number.", "who", "results", "metrics.csv")


def shift(f: Facts) -> Reply:
    """Differences in setting cannot be seen in numbers."""
    where = ("table-one", "missing") + (("audit",) if f.summary.audit else ())
    return authors("The run supplies the differences that show in the data.", *where)


def multicenter(f: Facts) -> Reply:
    """More than one centre has images."""
    images = [m for m in f.summary.presence.columns if f.summary.kinds.get(str(m)) == "volume"]
    if not images:
        return authors()
    having = f.summary.presence.index[f.summary.presence[images].any(axis=1)]
    centers = tuple(sorted({f.summary.centers[str(p)] for p in having}))
    if len(centers) < 2:
        return no(f"images come from {named(centers) or 'nobody'} alone", "missing")
    return yes(f"Images come from {len(centers)} centres.", "missing")
