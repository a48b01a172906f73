"""Open the cohorts of a run, building a public one from its raw tables where asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import Progress

from fusion.cohorts.tcga_glioma.build import build_tcga_glioma
from fusion.config.parts.tasks import target_causes, target_classes, target_survival
from fusion.config.run import CohortConfig, RunConfig
from fusion.data.check import check_causes, check_classes, check_survival
from fusion.data.cohort import Cohort
from fusion.data.joined import joined
from fusion.data.targets import TIME
from fusion.errors import CohortError, ConfigError, LeakageError
from fusion.testing.demo.write import write_demo


def open_cohort(config: RunConfig) -> Cohort:
    """The run's own cohort, joined to others or not, every label held against the configuration.

    Raises:
        CohortError: with all faults.
        ConfigError: where a builder lacks its raw data, or two joined cohorts share an id.
    """
    build(config.cohort)
    cohort = Cohort.from_manifest(
        config.cohort.root, data_root=config.cohort.data_root, name=config.cohort.name
    )
    if config.cohort.join:
        others = [Cohort.from_manifest(f, name=n) for n, f in sorted(config.cohort.join.items())]
        for one in (cohort, *others):
            check_known_labels(config, one)  # while lines are still those of one file
        cohort = joined([cohort, *others])
    causes = target_causes(config.tasks)
    check_labels(cohort, target_classes(config.tasks), target_survival(config.tasks), causes)
    unknown = sorted(set(config.modalities) - set(cohort.modalities))
    if unknown:
        raise ConfigError(
            f"no patient of {cohort.root} has {', '.join(unknown)}; the manifest has "
            f"{', '.join(cohort.modalities)}. Leave the modality out, or mend the manifest"
        )
    return cohort


def open_external(config: RunConfig, cohort: Cohort) -> dict[str, Cohort]:
    """The external cohorts by name.

    Raises:
        LeakageError: for a patient who is in the run's own cohort as well.
        ConfigError: for a name or a patient's id that two cohorts have.
    """
    found: dict[str, Cohort] = {}
    for name, folder in sorted(config.cohort.external.items()):
        if name == cohort.name:
            raise ConfigError(f"cohort.external: {name} is the run's own cohort; name it otherwise")
        other = Cohort.from_manifest(folder, name=name)
        shared = sorted(set(other.patients) & set(cohort.patients))
        if shared:
            raise LeakageError(
                f"{len(shared)} patients of the external cohort {name} are in {cohort.name} too: "
                f"{', '.join(shared[:5])}. Take them out of one of the two manifests"
            )
        for earlier in found.values():
            twice = sorted(set(other.patients) & set(earlier.patients))
            if twice:
                raise ConfigError(
                    f"{len(twice)} ids of {name} are in {earlier.name} too: "
                    f"{', '.join(twice[:5])}. "
                    "A table of predictions could not tell them apart; rename them in one cohort"
                )
        check_known_labels(config, other)
        found[name] = other
    return found


def check_known_labels(config: RunConfig, cohort: Cohort) -> None:
    """Hold those labels against the configuration that another cohort happens to have.

    Raises:
        CohortError: with all faults.
    """
    columns = set(cohort.targets.columns)
    classes = {c: names for c, names in target_classes(config.tasks).items() if c in columns}
    stems = [s for s in target_survival(config.tasks) if f"{s}{TIME}" in columns]
    causes = {s: names for s, names in target_causes(config.tasks).items() if s in stems}
    check_labels(cohort, classes, stems, causes)


def check_labels(
    cohort: Cohort,
    classes: Mapping[str, Sequence[str]],
    stems: Sequence[str],
    causes: Mapping[str, Sequence[str]],
) -> None:
    """Every class and every cause of an event must be one that the configuration names.

    Raises:
        CohortError: with all faults.
    """
    faults = [
        *check_classes(cohort, classes),
        *check_survival(cohort, stems),
        *check_causes(cohort, causes),
    ]
    if faults:
        raise CohortError(cohort.root, faults)


def build(config: CohortConfig) -> None:
    """Write the cohort folder, where it is one that we know how to write and it is not there."""
    folder = Path(config.root)
    match config.build:
        case "demo":
            if not (folder / "manifest.csv").exists():
                with Progress() as bar:
                    task = bar.add_task("writing the demo cohort", total=None)
                    write_demo(folder, on_patient=lambda _: bar.advance(task))
        case "tcga_glioma":
            if config.source is None:
                raise ConfigError(
                    "cohort tcga_glioma is built from raw tables: give data_root=FOLDER, the "
                    "folder that holds tcga/patients.csv"
                )
            build_tcga_glioma(Path(config.source), folder)
        case None:
            return
