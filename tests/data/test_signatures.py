"""Sets of genes from a file, and what is said of genes that are not there."""

from pathlib import Path

import pandas as pd
import pytest

from fusion.data.signatures import Signatures, read_signatures
from fusion.errors import ConfigError, ReadError

REAL = Path(__file__).resolve().parents[2] / "../shared/data/glioma_real/tcga"


@pytest.fixture
def write(tmp_path):
    def written(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def test_both_kinds_of_file_say_the_same(write):
    gmt = write("a.gmt", "repair\thttp://x\tMGMT\tATM\n\ncycle\tna\tCDK4\tATM\tCDK4\n")
    csv = write("a.csv", "\ufeffrepair,cycle\nMGMT,CDK4\nATM, ATM \n,\n")
    assert read_signatures(gmt) == {"repair": ("MGMT", "ATM"), "cycle": ("CDK4", "ATM")}
    assert read_signatures(csv) == read_signatures(gmt)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.gmt", "repair\tna\tMGMT\nrepair\tna\tATM\n", r"line 2: the set 'repair' stands twice"),
        ("a.gmt", "repair\tna\n", r"line 1: a set needs a name and a gene, found 'repair'"),
        ("a.csv", "repair,cycle\nMGMT,\n", r"column 2: a set needs .*, found 'cycle'"),
        ("a.csv", "repair,\nMGMT,ATM\n", r"column 2: a set needs a name and a gene, found ''"),
        ("a.csv", "a,a\nMGMT,ATM\n", r"column 2: the set 'a' stands twice"),
        ("a.csv", "", "holds no set of genes"),
        ("a.txt", "MGMT\n", r"ends in '.txt', expected sets of genes: .gmt or .csv"),
    ],
)
def test_what_is_no_file_of_sets_is_named(write, name, text, message):
    with pytest.raises(ReadError, match=message):
        read_signatures(write(name, text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ReadError, match="cannot be read as sets of genes"):
        Signatures(tmp_path / "no.gmt").groups(["MGMT"])


@pytest.fixture
def sets(write):
    return Signatures(write("s.csv", "repair,cycle\nMGMT,CDK4\nATM,RB1\nATR,\n"))


def test_columns_are_found_by_name_wherever_they_stand(sets):
    assert sets.groups(["RB1", "x", "MGMT", "CDK4"]) == {"repair": (2,), "cycle": (3, 0)}


def test_what_tells_that_a_gene_is_missing_goes_with_it(sets):
    columns = ["CDK4", "MGMT", "MGMT missing", "sex=F"]
    assert sets.groups(columns) == {"repair": (1, 2), "cycle": (0,)}


def test_an_empty_set_is_an_error_that_names_it(sets):
    with pytest.raises(
        ConfigError, match=r"s.csv: no gene of 1 of 2 sets is among the 2 columns: 'cycle' \(CDK4"
    ):
        sets.groups(["MGMT", "ATM"])


def test_unknown_genes_and_unused_columns_are_told(sets):
    said = sets.sentences("rna", ["MGMT", "CDK4", "RB1", "EGFR"])
    assert said == [
        "rna: 2 of 5 genes of the sets in s.csv are no inputs (ATM, ATR); repair lacks most, 2 of "
        "3.",
        "rna: 1 of 4 columns are in none of the 2 sets and are no inputs.",
    ]
    assert sets.sentences("rna", ["MGMT", "ATM", "ATR", "CDK4", "RB1"]) == []


def test_a_bundle_needs_no_file(sets, tmp_path):
    state = sets.state()
    restored = Signatures(tmp_path / "elsewhere.csv")
    restored.restore(state)
    columns = ["MGMT", "CDK4"]
    assert restored.groups(columns) == sets.groups(columns)
    assert len(restored.sentences("rna", columns)) == 1


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data/glioma_real is not at hand")
def test_the_families_of_the_glioma_cohort():
    """Six families, as its README says; every one has genes among the RNA columns."""
    sets = Signatures(REAL / "gene_signatures.csv")
    assert len(sets.sets) == 6
    header = pd.read_csv(REAL / "rna_cnv_mut_clinical.csv.gz", nrows=0).columns
    genes = [c.removesuffix("_rnaseq") for c in header if c.endswith("_rnaseq")]
    assert all(sets.groups(genes).values())
