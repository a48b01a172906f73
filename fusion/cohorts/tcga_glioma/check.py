"""What stops a build: raw tables that contradict themselves."""

from collections.abc import Iterator

import pandas as pd

from fusion.cohorts.tcga_glioma.center import institution_of
from fusion.cohorts.tcga_glioma.labels import VOCABULARY
from fusion.cohorts.tcga_glioma.raw import CODES, CROPS, FOLDS, MUTATIONS, OMICS, PATIENTS, Raw
from fusion.errors import Fault


def faults(raw: Raw) -> list[Fault]:
    """Everything that is wrong with the raw tables, each with its file and line."""
    return [
        *_repeated(raw.patients, "patient", PATIENTS),
        *_repeated(raw.codes, "tss_code", CODES),
        *_repeated(raw.mutations, "patient", MUTATIONS),
        *_repeated(raw.crops, "patient", CROPS),
        *_strangers(raw.omics, "case_id", OMICS, raw.patients),
        *_strangers(raw.mutations, "patient", MUTATIONS, raw.patients),
        *_strangers(raw.crops, "patient", CROPS, raw.patients),
        *_repeated(raw.folds, "patient", FOLDS),
        *_strangers(raw.folds, "patient", FOLDS, raw.patients),
        *_slides_that_differ(raw.omics),
        *_words(raw.patients),
        *_times(raw.patients),
        *_institutions(raw.patients, raw.codes),
    ]


def _repeated(table: pd.DataFrame, key: str, file: str) -> Iterator[Fault]:
    for row in table.index[table[key].duplicated()]:
        yield Fault(f"{key} {table.loc[row, key]!r} is there twice", file, row + 2)


def _strangers(table: pd.DataFrame, key: str, file: str, patients: pd.DataFrame) -> Iterator[Fault]:
    for row in table.index[~table[key].isin(patients["patient"])]:
        yield Fault(f"{table.loc[row, key]!r} is not in {PATIENTS}", file, row + 2)


def _slides_that_differ(omics: pd.DataFrame) -> Iterator[Fault]:
    values = omics.drop(columns="slide_id")
    again = ~values.duplicated() & values["case_id"].duplicated()
    for row in values.index[again]:
        patient = values.loc[row, "case_id"]
        pair = values.loc[[values.index[values["case_id"] == patient][0], row]]
        columns = [c for c in pair if len(pair[c].drop_duplicates()) > 1][:5]
        yield Fault(
            f"two slides of one patient differ in {columns}; these are values of the patient",
            OMICS,
            row + 2,
            str(patient),
        )


def _words(patients: pd.DataFrame) -> Iterator[Fault]:
    for column, known in VOCABULARY.items():
        wrong = patients[column].notna() & ~patients[column].isin(list(known))
        for row in patients.index[wrong]:
            yield Fault(
                f"{column} is {patients.loc[row, column]!r}, expected one of {sorted(known)}",
                PATIENTS,
                row + 2,
                str(patients.loc[row, "patient"]),
            )


def _times(patients: pd.DataFrame) -> Iterator[Fault]:
    for name in ("os", "pfi"):
        time, event = patients[f"{name}_days"], patients[f"{name}_event"]
        for row in patients.index[time < 0]:
            yield Fault(f"{name}_days is {time[row]:g}, below zero", PATIENTS, row + 2)
        for row in patients.index[event.notna() & ~event.isin([0, 1])]:
            yield Fault(f"{name}_event is {event[row]:g}, expected 0 or 1", PATIENTS, row + 2)


def _institutions(patients: pd.DataFrame, codes: pd.DataFrame) -> Iterator[Fault]:
    known = institution_of(codes)
    for row, patient, code, written in patients[["patient", "tss", "institution"]].itertuples():
        if patient.split("-")[1:2] != [code]:
            yield Fault(f"code {code!r} is not the one in the id", PATIENTS, row + 2, patient)
        elif known.get(code) != written:
            yield Fault(
                f"institution is {written!r}, but {CODES} has {known.get(code)!r} for {code!r}",
                PATIENTS,
                row + 2,
                patient,
            )
