"""Cohort -> Material: check, divide, read everything once, fit on the training patients."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fusion.config.parts.sources import build_sources
from fusion.config.parts.splits import build_split
from fusion.config.parts.tasks import build_labeller
from fusion.config.run import RunConfig
from fusion.data.cohort import Cohort, Files
from fusion.data.harmonised import introduce
from fusion.data.labels import label_all
from fusion.data.source import Source
from fusion.data.split import Split
from fusion.errors import CohortError, ConfigError, Fault
from fusion.run.cohort import open_cohort, open_external
from fusion.run.fitted import FILE, Fitted
from fusion.run.inputs import Inputs
from fusion.run.material import Material
from fusion.run.place import Part, Place
from fusion.run.pretrained import refuse_taught, tile_encoders, volume_weights
from fusion.types import PatientId

PARTS: tuple[Part, ...] = ("train", "val", "test", "external")


def prepare(config: RunConfig, folder: Path) -> Material:
    """Everything before learning; nothing is fitted outside the training patients.

    Raises:
        CohortError: listing every file that cannot be used, before any hour of training.
        SplitError: where the saved split does not fit the cohort any more.
        LeakageError: where what the run begins with has learned from a patient who is not in
            training.
    """
    cohort = open_cohort(config)
    others = open_external(config, cohort)
    sources = build_sources(config)
    unusable = read_all(sources, [cohort, *others.values()], config.cohort.on_fault)
    eligible, left_out = who_takes_part(cohort, sources, unusable, config.cohort.require)
    split = the_split(config, cohort, eligible, folder / "split.json")
    places = [
        Place(cohort, part, tuple(p for p in eligible if p in getattr(split, part)))
        for part in PARTS
    ]
    for other in others.values():
        having, absent = who_takes_part(other, sources, unusable)
        places.append(Place(other, "external", having))
        left_out += absent
    left_out += [(p, "is not used by the split") for p in eligible if p in split.unused]
    taught = [*tile_encoders(config), *volume_weights(config)]
    for place in places[1:]:
        refuse_taught(taught, place.patients, cohort=place.cohort.name)
    training = set(places[0].patients)
    fitted = Fitted(folder / FILE)
    for name, source in sources.items():
        usable = training - unusable[name]
        learning = {p: rows for p, rows in cohort.files(name).items() if p in usable}
        source.fit(learning)
        fitted.note(f"preprocessing of {name}", "fit", learning)
    labellers = {name: build_labeller(task) for name, task in config.tasks.items()}
    return Material(
        cohort=cohort,
        split=split,
        places=tuple(places),
        inputs=Inputs(
            sources=sources,
            labels={c.name: label_all(c.targets, labellers) for c in (cohort, *others.values())},
            unusable=unusable,
        ),
        fitted=fitted,
        left_out=tuple(left_out),
    )


def read_all(
    sources: Mapping[str, Source], cohorts: list[Cohort], on_fault: str
) -> dict[str, frozenset[PatientId]]:
    """Do the slow work of every modality; modality -> patients to go on without.

    Raises:
        CohortError: for files that cannot be used, unless the run may go on without them.
    """
    faults: list[Fault] = []
    failed: dict[str, frozenset[PatientId]] = {}

    def files_of(modality: str) -> Files:
        return {p: rows for c in cohorts for p, rows in c.files(modality).items()}

    for name, source in sources.items():
        introduce(source, files_of)
        found = source.prepare(files_of(name))
        faults += found
        failed[name] = frozenset(PatientId(f.patient) for f in found if f.patient)
    if faults and on_fault == "stop":
        hint = "mend or remove these rows, or go on without them: cohort.on_fault=exclude"
        raise CohortError(cohorts[0].root, [*faults, Fault(hint)])
    if any(not fault.patient for fault in faults):
        hint = "a fault of a whole table cannot be gone on without; mend the table"
        raise CohortError(cohorts[0].root, [*(f for f in faults if not f.patient), Fault(hint)])
    return failed


def who_takes_part(
    cohort: Cohort,
    sources: Mapping[str, Source],
    unusable: Mapping[str, frozenset[PatientId]],
    require: Sequence[str] = (),
) -> tuple[tuple[PatientId, ...], list[tuple[PatientId, str]]]:
    """Patients with any modality of the run and all that are required; the others with the reason.

    Raises:
        ConfigError: where a required modality is none of the run.
    """
    having = {m: cohort.files(m).keys() - unusable[m] for m in sources}
    if unknown := sorted(set(require) - set(having)):
        raise ConfigError(
            f"cohort.require: {', '.join(unknown)} is no modality of this run; it has "
            f"{', '.join(sorted(having))}"
        )
    eligible, left_out = [], []
    for patient in cohort.patients:
        mine = {m for m, who in having.items() if patient in who}
        lacking = [m for m in require if m not in mine]
        if mine and not lacking:
            eligible.append(patient)
        else:
            reason = f"has no {lacking[0]}" if lacking else f"has none of {', '.join(sources)}"
            left_out.append((patient, reason))
    return tuple(eligible), left_out


def the_split(
    config: RunConfig, cohort: Cohort, eligible: tuple[PatientId, ...], path: Path
) -> Split:
    """The split of this run's folder, made and saved on the first time."""
    if path.exists():
        split = Split.load(path)
    else:
        split = build_split(config.split, cohort, eligible).bind(cohort)
        split.save(path)
    split.check(cohort)
    return split
