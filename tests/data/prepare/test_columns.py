import pytest

from fusion.data.prepare.columns import choose_columns, read_names
from fusion.errors import ConfigError, ReadError

COLUMNS = ["TP53_rnaseq", "EGFR_cnv", "IDH1_mut", "age", "HLA-A[1]"]


@pytest.mark.parametrize(
    ("columns", "drop", "left"),
    [
        (None, [], sorted(COLUMNS)),
        (None, ["IDH1_mut", "*_cnv"], ["HLA-A[1]", "TP53_rnaseq", "age"]),
        (["*_rnaseq", "age"], [], ["TP53_rnaseq", "age"]),
        (["*_*"], ["IDH?_mut"], ["EGFR_cnv", "TP53_rnaseq"]),
        (["HLA-A[1]"], [], ["HLA-A[1]"]),  # a name that looks like a pattern is a name
    ],
)
def test_names_and_patterns(columns, drop, left):
    assert choose_columns(COLUMNS, columns=columns, drop=drop) == tuple(left)
    assert choose_columns(COLUMNS[::-1], columns=columns, drop=drop) == tuple(left)


def test_a_marker_that_is_misspelt_is_never_left_in():
    with pytest.raises(ConfigError, match=r"`drop`: 'IDH1_mutt' matches none of 5 columns; did"):
        choose_columns(COLUMNS, columns=None, drop=["IDH1_mutt"])
    with pytest.raises(ConfigError, match=r"`columns`: 'idh\*' matches none"):
        choose_columns(COLUMNS, columns=["idh*"], drop=[])
    with pytest.raises(ConfigError, match="no column is left of 5"):
        choose_columns(COLUMNS, columns=["age"], drop=["a*"])


def test_a_list_of_names(tmp_path):
    path = tmp_path / "genes.txt"
    path.write_text("# signature\nTP53\n\n EGFR \n", encoding="utf-8-sig")
    assert read_names(path) == ("TP53", "EGFR")
    path.write_text("# nothing\n")
    with pytest.raises(ReadError, match="names no column"):
        read_names(path)
    with pytest.raises(ReadError, match="cannot be read as a list of names"):
        read_names(tmp_path / "none.txt")
