import os

import numpy as np
import pandas as pd
import pytest

from fusion.data.readers.table import numbers, read_table
from fusion.errors import ReadError


def write(tmp_path, content, name="rna.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_cells_are_exact_and_blank_na_nan_are_missing(tmp_path):
    path = write(tmp_path, "id,a,b,c\n001,0.1,NA,\n002,1e-3,2,NaN\n")
    table = read_table(path)
    assert table.index.tolist() == ["001", "002"]  # leading zeros are part of an id
    expected = [[0.1, np.nan, np.nan], [1e-3, 2.0, np.nan]]
    np.testing.assert_array_equal(numbers(table, ["001", "002"], ["a", "b", "c"], path), expected)


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfid,a\r\nx,1\r\n", b"id,a\nx,1", b"id,a\nx,1\n\n\n", b'"id","a"\n"x","1"\n'],
    ids=["BOM and CRLF", "no last line end", "blank last lines", "quotes"],
)
def test_ways_in_which_spreadsheets_write_the_same_table(tmp_path, content):
    table = read_table(write(tmp_path, content))
    assert table.to_dict() == {"a": {"x": 1.0}}


def test_parquet_gives_what_csv_gives(tmp_path):
    frame = pd.DataFrame(
        {"a": [1.5, None, 3.0], "n": [1, 2, 3], "ok": [True, False, True], "s": ["u", "v", None]},
        index=pd.Index(["p1", "p2", "p3"], name="id"),
    )
    frame.to_csv(tmp_path / "t.csv")
    frame.to_parquet(tmp_path / "index.parquet")
    frame.reset_index().to_parquet(tmp_path / "column.parquet", index=False)
    tables = [read_table(tmp_path / n) for n in ("t.csv", "index.parquet", "column.parquet")]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    assert tables[0]["ok"].tolist() == [1.0, 0.0, 1.0]


def test_a_declared_text_column_stays_as_it_is_written(tmp_path):
    path = write(tmp_path, "id,grade\nx,02\ny,\n")
    assert read_table(path, text=["grade"])["grade"].tolist() == ["02", None]
    assert read_table(path)["grade"].iloc[0] == 2.0


def test_text_that_nobody_uses_is_no_fault(tmp_path):
    path = write(tmp_path, "id,a,note\nx,1,hello\n")
    assert numbers(read_table(path), ["x"], ["a"], path).tolist() == [[1.0]]


def test_read_once_until_the_file_changes(tmp_path):
    path = write(tmp_path, "id,a\nx,1\n")
    first = read_table(path)
    assert read_table(str(path)) is first
    path.write_text("id,a\nx,2\n")
    os.utime(path, ns=(1, 1))
    assert read_table(path).at["x", "a"] == 2.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id;a\nx;1\n", "separated by ';', expected ','"),
        ("id\ta\nx\t1\n", "separated by tabs"),
        (b"id,a\nx,\xe9\n", "not UTF-8"),
        (b"id,\xe9\nx,1\n", "not UTF-8"),
        ("", "is empty"),
        ("id\nx\n", "no column beside the row key"),
        ("id,a,a\nx,1,2\n", "column 'a' stands twice"),
        ("id,a,\nx,1,2\n", "column 3 has no name"),
        ("id,a\nx,1\n,2\n", "line 3: the row key is blank"),
        ("id,a\nx,1\n\ny,2\n", "line 3: the row key is blank"),
        ("id,a\nx,1\ny,2\nx,3\n", "line 4: row key 'x' stands twice, first on line 2"),
        ("id,a,b\nx,1,2\ny,1\n", "CSV: line 3: Expected 3 columns, got 2"),
        ("id,a\nx,1\ny,1,5\n", "CSV: line 3: Expected 2 columns, got 3"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, content, message):
    with pytest.raises(ReadError, match=message):
        read_table(write(tmp_path, content))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ReadError, match=r"ends in '\.xlsx', expected a table"):
        read_table(write(tmp_path, "x", "t.xlsx"))
    with pytest.raises(ReadError, match="cannot be read as Parquet"):
        read_table(write(tmp_path, "x", "t.parquet"))
    with pytest.raises(ReadError, match="cannot be opened: No such file"):
        read_table(tmp_path / "none.csv")
    pd.DataFrame({"id": ["x"], "a": [[1, 2]]}).to_parquet(tmp_path / "list.parquet")
    with pytest.raises(ReadError, match="column 'a' holds list"):
        read_table(tmp_path / "list.parquet")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("high", r"rna\.csv: line 3, column 'b': 'high' is not a number; correct it, or name"),
        ('"1,5"', r"line 3, column 'b': '1,5' is not a number"),
        ("2020-01-01", r"line 3, column 'b': '2020-01-01' is not a number"),
        ("inf", r"line 3, column 'b': inf is no measurement"),
        ("-Infinity", r"line 3, column 'b': -inf is no measurement"),
        ("1e999", r"line 3, column 'b': inf is no measurement"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(tmp_path, cell, message):
    path = write(tmp_path, f"id,a,b\nx,1,2\ny,1,{cell}\n")
    with pytest.raises(ReadError, match=message):
        numbers(read_table(path), ["x", "y"], ["a", "b"], path)


def test_a_column_of_dates_or_a_row_of_parquet_has_its_place_too(tmp_path):
    path = write(tmp_path, "id,b\nx,2020-01-01\ny,2020-01-02\n")
    with pytest.raises(ReadError, match="line 2, column 'b': '2020-01-01' is not a number"):
        numbers(read_table(path), ["x"], ["b"], path)
    other = tmp_path / "t.parquet"
    pd.DataFrame({"id": ["x", "y"], "b": ["1", "high"]}).to_parquet(other, index=False)
    with pytest.raises(ReadError, match="row 2, column 'b': 'high' is not a number"):
        numbers(read_table(other), ["x"], ["b"], other)


def test_columns_that_are_not_there_are_named(tmp_path):
    path = write(tmp_path, "id,TP53,EGFR\nx,1,2\n")
    with pytest.raises(ReadError, match=r"lacks 1 of 2 columns: 'TP35'; did you mean 'TP53'\?"):
        numbers(read_table(path), ["x"], ["EGFR", "TP35"], path)
    with pytest.raises(ReadError, match=r"lacks 7 of 7 columns: 'q0', .*, 'q4', \.\.\."):
        numbers(read_table(path), ["x"], [f"q{i}" for i in range(7)], path)
