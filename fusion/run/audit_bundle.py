"""The audit of a cohort that a finished model is about to predict."""

from fusion.audit.aliases import two_ids
from fusion.audit.check import Audit
from fusion.audit.known import known_patients
from fusion.audit.missing import missing_by_center
from fusion.audit.roster import Roster
from fusion.audit.told import center_told
from fusion.audit.twins import same_input
from fusion.run.acquaintance import met_by_id, met_by_input
from fusion.run.audit_inputs import look_at_all, measured
from fusion.run.bundle import Bundle
from fusion.run.inputs import Inputs
from fusion.run.place import Place


def examine_cohort(model: Bundle, place: Place, inputs: Inputs) -> Audit:
    """Does the model know anybody, is anybody here twice, do the centres differ?

    Args:
        model: that is about to predict.
        place: whom.
        inputs: from what, as the bundle prepares it.

    Raises:
        ReadError: naming the patient and the file.
    """
    cohort, who = place.cohort, place.patients
    roster = Roster(dict.fromkeys(who, "external"), {p: cohort.centers[p] for p in who})
    files = {
        name: {p: r for p, r in cohort.files(name).items() if p not in inputs.unusable[name]}
        for name in inputs.sources
    }
    looks = look_at_all(inputs.sources, files, who, progress=model.config.progress)
    memory, seed = model.about["training_patients"], model.config.seed
    return Audit(
        (
            known_patients(met_by_id(memory, cohort.patients), met_by_input(memory, looks)),
            two_ids(roster),
            same_input(roster, looks, measured(inputs.sources, files)),
            center_told(looks, roster, seed=seed),
            missing_by_center({m: list(f) for m, f in files.items()}, roster, seed=seed),
        )
    )
