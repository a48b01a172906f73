"""Replies about performance: what was measured, on whom, against what."""

from fusion.report.checklists.facts import UPDATE, Facts, named
from fusion.report.checklists.item import Reply, authors, no, not_applicable, yes


def measures(f: Facts) -> Reply:
    """All metrics by name, and the sections beside them."""
    extra = {"calibration": "calibration", "net-benefit": "net benefit", "operating": "thresholds"}
    shown = [anchor for anchor in extra if anchor in f.shown]
    names = (*f.measures, *(extra[anchor] for anchor in shown))
    return yes(f"{named(names, 12)}.", "results", *shown)


def performance(f: Facts) -> Reply:
    """With intervals; in subgroups where there are any."""
    if not f.evaluated:
        return no("Nobody with a label was evaluated.", "results")
    groups = ["subgroups"] if f.groups else []
    more = f", and by {', '.join(f.summary.subgroups)}" if groups else "; no subgroup was asked for"
    return yes(f"With 95 % intervals, by part and centre{more}.", "results", *groups, "metrics.csv")


def uncertainty(f: Facts) -> Reply:
    """How the intervals were made."""
    if not f.evaluated:
        return no("Nobody with a label was evaluated.", "results")
    return yes(f"{f.metrics.draws} draws of the patients, paired for differences.", "results")


def heterogeneity(f: Facts) -> Reply:
    """Centre by centre, and pooled."""
    rows = {
        r.center for r in f.metrics.rows if r.center != "all" and r.part != "validation" and r.n
    }
    if len(rows) < 2:
        return no("Fewer than two centres were evaluated.", "centers")
    where = ["centers"] + (["discrimination"] if "discrimination" in f.shown else [])
    return yes(f"{len(rows)} centres, each with its own numbers.", *where)


def calibration(f: Facts) -> Reply:
    """Of probabilities."""
    if "calibration" not in f.shown:
        return no("There is no section about calibration.")
    return yes("Curves and numbers, per part and centre.", "calibration")


def updating(f: Facts) -> Reply:
    """The model stays as it came; what an update would do may be shown."""
    if UPDATE in f.shown:
        note = (
            "The model stays as it was; shown is what an update at each external centre would do."
        )
        return yes(note, "calibration")
    return not_applicable("the model was not updated") if f.ours else authors()


def fairness(f: Facts) -> Reply:
    """Subgroups are measured; what is done about them is not for a program."""
    if f.groups:
        groups = ", ".join(f.summary.subgroups)
        return authors(f"The run supplies the performance in groups by {groups}.", "subgroups")
    return authors("No subgroup was asked for in this run.")


def limits(f: Facts) -> Reply:
    """A discussion is people's; the run supplies what its numbers call for."""
    return authors("The run supplies the limits that its own numbers call for.", "limits")


def robustness(f: Facts) -> Reply:
    """To missing modalities."""
    if "robustness" not in f.shown:
        return authors("The run did not hide modalities from the model.")
    return yes("Performance with modalities hidden.", "robustness")


def pipeline_robustness(f: Facts) -> Reply:
    """Other scanners are the external centres; noise and test-retest were not tried."""
    where = [anchor for anchor in ("discrimination", "robustness") if anchor in f.shown]
    return authors("The run supplies external centres; noise and retests were not tried.", *where)


def poor_input(f: Facts) -> Reply:
    """Absence is handled, poor quality is not judged."""
    if not f.ours:
        return authors()
    note = "The run supplies: any modality may be absent; unreadable files are refused by name."
    return authors(note, "missing")


def failures(f: Facts) -> Reply:
    """Whom the model got most wrong."""
    if "most-wrong" not in f.shown:
        return authors()
    return authors(
        "The run lists the patients it got most wrong; why is for the authors.", "most-wrong"
    )


def explanation(f: Facts) -> Reply:
    """Shares of modalities are a description, no explanation of a case."""
    if f.summary.attention:
        return authors(
            "The run supplies the mean share of each modality in the fusion.", "modalities"
        )
    return authors()


def internal_test(f: Facts) -> Reply:
    """Patients of the same centres who took no part in training."""
    if not f.ours:
        return authors()
    arm = f.who.flow.arm("test")
    if arm is None:
        return no("There is no internal test part in this report.", "who")
    return yes(f"{arm.patients} patients.", "results")


def external_test(f: Facts) -> Reply:
    """Centres that took no part in training."""
    if not f.external_centers:
        return no("No patient comes from a centre that training did not see.", "who")
    note = f"{len(f.external_centers)} centres: {named(f.external_centers)}."
    if not f.ours:
        return authors(f"The table of predictions calls these external: {note}", "centers")
    return yes(note, "results", "centers")


def comparator(f: Facts) -> Reply:
    """The clinical model."""
    if f.metrics.baseline is None or f.metrics.baseline not in f.comparators:
        return no("There is no clinical model beside it.", "modalities")
    return yes(f"The {f.metrics.baseline} model, in the same patients.", "modalities")


def simple_model(f: Facts) -> Reply:
    """The clinical model is simple, on other inputs."""
    if comparator(f).status == "no":
        return authors()
    return authors(
        "The run supplies a penalised regression on clinical columns, not on the images.",
        "modalities",
    )
