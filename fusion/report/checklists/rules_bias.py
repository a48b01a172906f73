"""Replies to what a judge of bias asks: leakage, imbalance, overfitting, judgements."""

from fusion.report.checklists.facts import Facts
from fusion.report.checklists.item import Reply, authors, no, not_applicable, yes
from fusion.report.checklists.rules_model import CONFIG, scaling
from fusion.report.checklists.rules_patients import missing_data


def imbalance_reported(f: Facts) -> Reply:
    """Class weights are the only means that the framework has."""
    used = f.uses("class weights")
    if used is None:
        return authors()
    if not used:
        return not_applicable("classes were not balanced")
    return yes(
        "Classes were weighted by their inverse frequency in training.", CONFIG, "calibration"
    )


def imbalance_recalibrated(f: Facts) -> Reply:
    """Weights shift probabilities; the run does not shift them back."""
    used = f.uses("class weights")
    if used is None:
        return authors()
    if not used:
        return not_applicable("classes were not balanced")
    note = "Classes were weighted in training; the probabilities were not recalibrated after it."
    return no(note, "calibration")


def overfitting(f: Facts) -> Reply:
    """What holds training back."""
    if not f.ours:
        return authors()
    note = (
        "Validation patients stop the training; weight decay, dropout, augmentation as configured."
    )
    return yes(note, CONFIG)


def prepared_alike(f: Facts) -> Reply:
    """One code path for every patient here; what came before the manifest is not known."""
    if not f.ours:
        return authors()
    note = (
        "The run supplies: all pass the same steps here; what was done before is not known to it."
    )
    return authors(note, CONFIG, "bundle/preprocessing.json")


def scaling_judged(f: Facts) -> Reply:
    """Whether that suits is a judgement."""
    reply = scaling(f)
    return authors(reply.note, *reply.where)


def measures_judged(f: Facts) -> Reply:
    """All three kinds are there, or what lacks is named."""
    if not f.evaluated:
        return no("Nobody with a label was evaluated.", "results")
    kinds = {"calibration": "calibration", "net-benefit": "net benefit"}
    lacking = [name for anchor, name in kinds.items() if anchor not in f.shown]
    if lacking:
        return no(f"Discrimination, but no {' and no '.join(lacking)}.", "results")
    return yes("Discrimination, calibration and net benefit.", "results", *kinds)


def leakage(f: Facts) -> Reply:
    """As the audit found."""
    audit = f.summary.audit
    if audit is None:
        return authors("No audit was made.")
    if audit.errors or audit.warnings:
        return authors("The audit found something: judge it.", "audit")
    if any(check.not_asked for check in audit.checks):
        return authors("The audit found nothing, but could not ask everything.", "audit")
    return yes("The audit asked, and found nothing.", "audit")


def label_leak(f: Facts) -> Reply:
    """Columns that define a label are named in the notes."""
    note = "The run supplies which columns define a label and were kept out."
    return authors(note, "limits", *(["audit"] if f.summary.audit else []))


def partitioning(f: Facts) -> Reply:
    """By patient, before anything was fitted."""
    if not (f.ours and f.develops):
        return authors()
    note = "By patient, before anything was fitted; everything is fitted on training patients."
    if f.summary.audit is not None and f.summary.audit.warnings:
        return authors(f"{note} The audit has warnings: judge them.", "who", "audit")
    return yes(note, "who", "split.json")


def confounders(f: Facts) -> Reply:
    """A judgement of what confounds."""
    note = "The run supplies the clinical model and what differs between parts."
    return authors(note, "modalities", "table-one")


def resampling(f: Facts) -> Reply:
    """Performance is of a fixed model; intervals resample patients, not the training."""
    if not f.ours:
        return authors()
    return not_applicable(
        "the model was evaluated on patients held out, not by resampling its training"
    )


def evaluated_unbalanced(f: Facts) -> Reply:
    """Test patients are never weighted."""
    if f.uses("class weights") is None:
        return authors()
    return yes("Evaluated patients are as they come, unweighted.", "results")


def beyond_apparent(f: Facts) -> Reply:
    """Test or external patients."""
    if not f.evaluated:
        return no("Nobody but training and validation patients has a label.", "results")
    return yes("Patients who took no part in training.", "results")


def missing_judged(f: Facts) -> Reply:
    """Whether that was suitable is a judgement."""
    reply = missing_data(f)
    return authors(reply.note, *reply.where)
