"""Outcomes are read as they are written; every fault has its line."""

from pathlib import Path

import pytest

from fusion.data.targets import Targets, read_targets


def read(folder: Path, content: str) -> Targets:
    (folder / "targets.csv").write_text(content, encoding="utf-8")
    return read_targets(folder / "targets.csv")


def test_classes_are_text_survival_is_numbers_blank_is_unknown(tmp_path):
    found = read(
        tmp_path,
        "patient_id,grade,idh,os_time_days,os_event\n001,2,NA,10.5,1\n002,,mutant,,\n",
    )
    assert found.faults == []
    table = found.table(["002", "001"])
    assert table.index.tolist() == ["002", "001"]
    assert table.index.name == "patient_id"
    assert table["grade"].tolist() == [None, "2"]
    assert table["idh"].tolist() == ["mutant", "NA"]
    assert str(table["os_time_days"].dtype) == str(table["os_event"].dtype) == "float64"
    assert table.loc["001", "os_time_days"] == 10.5
    assert table.loc["002"].isna().tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("-3,1", "os_time_days -3 is below zero; give days since diagnosis"),
        ("3,2", "os_event 2 is neither 0 (censored) nor 1 (happened)"),
        ("3,dead", "os_event 'dead' is not a number"),
        ("3,", "os_time_days without os_event; give both or leave both blank"),
        (",1", "os_event without os_time_days; give both or leave both blank"),
        ("NA,1", "os_time_days 'NA' is not a number; leave the cell blank"),
        ("inf,1", "os_time_days 'inf' is not finite"),
    ],
)
def test_impossible_survival_is_told(tmp_path, row, message):
    found = read(tmp_path, f"patient_id,os_time_days,os_event\nP1,{row}\n")
    assert [str(f) for f in found.faults] == [
        f"targets.csv:2: patient P1: {message}"
        + (" where the value is not known" if message.endswith("blank") and "NA" in row else "")
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("os_time_days", "column 'os_time_days' without 'os_event'; survival needs both"),
        ("os_event", "column 'os_event' without 'os_time_days'; survival needs both"),
        ("idh", None),
        ("1p/19q", "target column '1p/19q' is not allowed; use letters, digits and '_'"),
        ("center", "target column 'center' is a column of manifest.csv; delete or rename it"),
    ],
)
def test_columns_are_checked(tmp_path, header, message):
    found = read(tmp_path, f"patient_id,{header}\nP1,\n")
    expected = [] if message is None else [f"targets.csv:1: {message}"]
    assert [str(f) for f in found.faults] == expected


def test_all_faults_come_at_once_in_order(tmp_path):
    found = read(
        tmp_path,
        "patient_id,os_time_days,os_event\nP1,1,0\nP1,2,0\n<b>,1,0\nP2,-1,7\nP3,1\n",
    )
    assert [(f.line, f.message.split(";")[0][:38]) for f in found.faults] == [
        (3, "a second row for this patient, after l"),
        (4, "patient_id '<b>' is not allowed"),
        (5, "os_time_days -1 is below zero"),
        (5, "os_event 7 is neither 0 (censored) nor"),
        (6, "2 cells, expected 3"),
    ]


def test_targets_without_patients_column(tmp_path):
    found = read(tmp_path, "patient,idh\nP1,mutant\n")
    assert [str(f) for f in found.faults] == ["targets.csv:1: column 'patient_id' is missing"]
