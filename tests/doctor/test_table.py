"""Columns of a table, and columns that teach nothing."""

import numpy as np


def test_missing_constant_and_empty_columns_by_centre(mini):
    mini.rna["G0"] = 1.5
    mini.rna["G1"] = np.nan
    mini.rna.loc[:2, "G2"] = np.nan
    mini.rna["sex"] = ["F", "M"] * 3
    checkup = mini.check()
    table = checkup.tables["tables"].set_index("center")
    assert table["patients"].to_dict() == {"all": 6, "Aachen": 3, "Bergen": 3}
    assert table["columns"].tolist() == [31] * 3
    assert table["text_columns"].tolist() == [1] * 3
    assert table["constant_columns"].tolist() == [1] * 3
    assert table["empty_columns"].to_dict() == {"all": 1, "Aachen": 2, "Bergen": 1}
    assert table.loc["all", "missing_share"] == round(9 / 186, 4)
    messages = [w.message for w in checkup.warnings]
    assert messages == [
        "1 of 31 columns hold no value for any patient: 'G1'; they teach nothing",
        "1 of 31 columns hold one value for every patient: 'G0'; they teach nothing",
    ]
    assert checkup.faults == ()


def test_a_table_that_cannot_be_read_is_one_fault_for_all_its_rows(mini):
    mini.write()
    text = (mini.root / "rna.csv").read_text().replace("G29", "G28", 1)
    mini.write = lambda: mini.root
    (mini.root / "rna.csv").write_text(text)
    (fault,) = mini.check().faults
    assert "column 'G28' stands twice" in fault.message
    assert "(6 rows of the manifest need it)" in fault.message


def test_rows_that_nobody_owns_do_not_count(mini):
    extra = mini.rna.iloc[0].copy()
    extra["sample"], extra["G4"] = "nobody", np.inf
    mini.rna.loc[6] = extra
    assert mini.check().findings == ()
