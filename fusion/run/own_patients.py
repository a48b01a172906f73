"""Test and external patients of the run that a bundle lies in."""

from pathlib import Path

from fusion.data.split import Split
from fusion.errors import BundleError
from fusion.run.bundle import Bundle, open_folder
from fusion.run.cohort import open_cohort, open_external
from fusion.run.inputs import Inputs
from fusion.run.place import Part, Place
from fusion.run.prepare import read_all, who_takes_part

PARTS: tuple[Part, ...] = ("test", "external")


def patients_asked(model: Bundle, bundle: Path, cohort: Path | None) -> tuple[list[Place], Inputs]:
    """Another hospital's patients, or those whom the run tested on where no cohort is given.

    Args:
        model: loaded from `bundle`.
        bundle: the folder.
        cohort: the other hospital's.

    Raises:
        LeakageError: where the cohort shares a patient with training.
        BundleError: where the run's split is not beside the bundle.
        CohortError: listing every file that cannot be used.
    """
    if cohort is None:
        return own_patients(model, bundle)
    found = open_folder(cohort, None)
    model.refuse_known(found)
    place, inputs = model.take(found)
    return [place], inputs


def own_patients(model: Bundle, bundle: Path) -> tuple[list[Place], Inputs]:
    """Whom the run tested on, and what they bring.

    Args:
        model: loaded from `bundle`.
        bundle: the folder, beside which the run left its `split.json`.

    Raises:
        BundleError: where that is not there.
        CohortError: listing every file that cannot be used.
    """
    path = bundle.resolve().parent / "split.json"
    if not path.exists():
        raise BundleError(
            f"{bundle}: no split.json beside it, so nobody knows who was in training; give "
            "cohort=FOLDER, patients whom the model has not met"
        )
    config = model.config
    cohort = open_cohort(config)
    others = open_external(config, cohort)
    split = Split.load(path)
    split.check(cohort)
    unusable = read_all(model.sources, [cohort, *others.values()], config.cohort.on_fault)
    places = []
    for part in PARTS:
        who = sorted(getattr(split, part), key=cohort.patients.index)
        places.append(Place(cohort, part, tuple(who)))
    for other in others.values():
        places.append(Place(other, "external", who_takes_part(other, model.sources, unusable)[0]))
    labels = {c.name: model.labels(c) for c in (cohort, *others.values())}
    return places, Inputs(model.sources, labels, unusable)
