"""The TCGA glioma builder: on six invented patients, and on the real tables where they are."""

import fnmatch
import shutil
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from fusion.cohorts.tcga_glioma import LABEL_DEFINING, LABEL_PROXY, build_tcga_glioma
from fusion.cohorts.tcga_glioma.molecular import MARKERS
from fusion.errors import CohortError, FusionError, ReadError

REAL = Path(__file__).resolve().parents[2] / "../shared/data/glioma_real"
A, B, C, D, E, F = [
    "FAKE-AA-0000",
    "FAKE-AA-0001",
    "FAKE-AB-0002",
    "FAKE-BB-0003",
    "FAKE-CC-0004",
    "FAKE-CC-0005",
]


def edit(source: Path, name: str, row: int, column: str, value: object) -> None:
    """Change one cell of a raw table."""
    table = pd.read_csv(source / "tcga" / name, dtype={"tss": str})
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    table.to_csv(source / "tcga" / name, index=False)


def build(source: Path) -> Path:
    out = source.parent / "cohort"
    build_tcga_glioma(source, out)
    return out


# ---- invented patients ----


def test_manifest_lists_what_each_patient_has(tiny_source: Path) -> None:
    manifest = pd.read_csv(build(tiny_source) / "manifest.csv")
    held = manifest.fillna("").groupby("patient_id", sort=False)["modality"].agg(list).to_dict()
    assert list(held) == [A, B, C, D, E, F]
    assert held[A] == ["clinical", "cnv", "markers", "mri", "mri", "mri", "mutations", "rna"]
    assert held[B] == ["clinical", "mutations", "wsi"]
    assert held[C] == ["clinical", "cnv", "markers", "rna"]
    assert held[F] == [""]
    mri = manifest[manifest["modality"] == "mri"]
    assert sorted(mri["sequence"]) == ["FLAIR", "T1", "mask"]  # T1c is a copy of FLAIR: left out
    schemes = mri.set_index("sequence")["label_scheme"]
    assert schemes["mask"] == "whole_tumour"
    assert schemes.drop("mask").isna().all()
    wsi = manifest[manifest["modality"] == "wsi"].iloc[0]
    assert (wsi["mpp"], wsi["region"]) == (0.5, 1)
    tables = manifest[manifest["path"].str.endswith((".csv", ".parquet"), na=False)]
    assert (tables["key"] == tables["patient_id"]).all()


def test_codes_and_names_of_one_hospital_are_one_center(tiny_source: Path) -> None:
    manifest = pd.read_csv(build(tiny_source) / "manifest.csv")
    center = manifest.groupby("patient_id")["center"].unique().map(list).to_dict()
    assert center == {A: ["Here"], B: ["Here"], C: ["Here"], D: ["UNC"], E: ["UNC"], F: ["UNC"]}


def test_targets_are_named_and_the_unknown_is_blank(tiny_source: Path) -> None:
    targets = pd.read_csv(build(tiny_source) / "targets.csv", index_col=0)
    assert list(targets.index) == [A, B, C, D, E, F]
    assert targets["subtype"].fillna("").tolist() == [
        "idh_wildtype",
        "idh_mutant_codeleted",
        "idh_mutant_intact",
        "",  # 1p/19q not known
        "",
        "",
    ]
    assert targets.loc[A, ["idh", "codel_1p19q", "mgmt"]].tolist() == [
        "wildtype",
        "intact",
        "unmethylated",
    ]
    assert targets.loc[A, "who2021"] == "glioblastoma"
    assert targets["expression_subtype"].dropna().to_dict() == {A: "Classical", E: "G-CIMP"}
    assert targets["os_time_days"].dropna().to_dict() == {A: 100, B: 2000, C: 304.4, D: 0}
    assert targets["os_event"].dropna().to_dict() == {A: 1, B: 0, C: 1, D: 0}  # E has no time


def test_clinical_columns_are_numbers_filled_from_the_second_table(tiny_source: Path) -> None:
    clinical = pd.read_csv(build(tiny_source) / "clinical.csv", index_col=0)
    assert list(clinical.index) == [A, B, C, D, E]  # nothing is known of F
    assert clinical.loc[C, ["age_years", "female", "histology_astrocytoma"]].tolist() == [35, 1, 1]
    assert np.isnan(clinical.loc[C, "grade"])  # the code does not say the grade
    histology = clinical.filter(like="histology_")
    assert histology.sum(axis=1).tolist() == [1, 1, 1, 0, 1]
    assert histology.loc[D].isna().all()
    assert clinical.loc[E, "kps"] == 0


def test_omics_are_one_row_per_patient_named_by_gene(tiny_source: Path) -> None:
    out = build(tiny_source)
    assert pd.read_csv(out / "rna.csv", index_col=0)["TP53"].to_dict() == {A: 0.5, C: -1.25}
    assert pd.read_csv(out / "cnv.csv", index_col=0)["EGFR"].to_dict() == {A: 2, C: 0}
    markers = pd.read_csv(out / "markers.csv", index_col=0)
    assert list(markers.columns) == ["age_years", "glioblastoma", *MARKERS]
    assert markers.loc[C].tolist() == [35, 0, 1, 1, 1, 1, 0, 0]
    mutations = pd.read_csv(out / "mutations.csv", index_col=0)
    assert list(mutations.columns) == ["IDH1", "IDH2", "TP53", "log10_nonsilent"]
    assert mutations["log10_nonsilent"].tolist() == [1.0, 2.0]


def test_voxels_are_kept_and_their_spacing_is_marked_unknown(tiny_source: Path) -> None:
    out = build(tiny_source)
    crop = np.load(tiny_source / "tcga" / "mri3d" / f"{A}.npz")
    for index, name in ((0, "T1"), (1, "FLAIR")):
        image = nib.load(out / "mri" / A / f"{name}.nii.gz")
        assert image.shape == (4, 3, 2)
        for z, y, x in np.ndindex(2, 3, 4):
            assert image.dataobj[x, y, z] == crop["image"][index, z, y, x]
        assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 0
        assert image.header.get_xyzt_units()[0] == "unknown"
    mask = np.asanyarray(nib.load(out / "mri" / A / "mask.nii.gz").dataobj)
    assert np.argwhere(mask).tolist() == [[0, 2, 1]]


def test_built_again_only_when_the_source_changed(tiny_source: Path) -> None:
    out = build(tiny_source)
    first = {f: f.stat().st_mtime_ns for f in out.rglob("*")}
    build(tiny_source)
    assert {f: f.stat().st_mtime_ns for f in out.rglob("*")} == first
    edit(tiny_source, "patients.csv", 0, "mgmt", "Methylated")
    build(tiny_source)
    assert pd.read_csv(out / "targets.csv", index_col=0).loc[A, "mgmt"] == "methylated"


def test_the_same_source_gives_the_same_bytes(tiny_source: Path) -> None:
    out = build(tiny_source)
    first = {f.relative_to(out): f.read_bytes() for f in out.rglob("*") if f.is_file()}
    shutil.rmtree(out)
    time.sleep(1.1)  # a time stamp in a gzip header has a resolution of one second
    build(tiny_source)
    assert {f.relative_to(out): f.read_bytes() for f in out.rglob("*") if f.is_file()} == first


def test_summary_names_who_has_nothing_and_what_disagrees(tiny_source: Path) -> None:
    edit(tiny_source, "mutation_matrix.csv.gz", 0, "IDH1", 1)
    edit(tiny_source, "rna_cnv_mut_clinical.csv.gz", 2, "survival_months", 12.0)
    text = (build(tiny_source) / "summary.txt").read_text()
    assert f"none at all: 1: {F}" in text
    assert f"IDH label and exome: 2 patients have both, 1 differ: {A}" in text
    assert f"survival time within 1 day: 2 patients have both, 1 differ: {C}" in text
    assert (
        f"survival event without a time (left unknown): 5 patients have both, 1 differ: {E}" in text
    )
    assert "idh: mutant 3, wildtype 1, not known 2" in text


@pytest.mark.parametrize(
    "name",
    [
        "patients.csv",
        "tss_codes.csv",
        "rna_cnv_mut_clinical.csv.gz",
        "mutation_matrix.csv.gz",
        "mri3d/manifest.csv",
    ],
)
def test_a_missing_table_is_named(tiny_source: Path, name: str) -> None:
    (tiny_source / "tcga" / name).unlink()
    with pytest.raises(ReadError, match=rf"{name}: is missing; give as source the folder"):
        build(tiny_source)
    assert not (tiny_source.parent / "cohort").exists()


def test_a_missing_crop_is_named(tiny_source: Path) -> None:
    (tiny_source / "tcga" / "mri3d" / f"{A}.npz").unlink()
    with pytest.raises(ReadError, match=rf"{A}\.npz: is missing, though a table names it"):
        build(tiny_source)


def test_a_torn_table_is_named(tiny_source: Path) -> None:
    torn = tiny_source / "tcga" / "rna_cnv_mut_clinical.csv.gz"
    torn.write_bytes(torn.read_bytes()[:60])
    with pytest.raises(ReadError, match=r"rna_cnv_mut_clinical.* is not a whole CSV table"):
        build(tiny_source)


def test_an_empty_table_is_named(tiny_source: Path) -> None:
    (tiny_source / "tcga" / "tss_codes.csv").write_text("")
    with pytest.raises(ReadError, match=r"tss_codes\.csv: is empty; copy it again"):
        build(tiny_source)


def test_a_lacking_column_is_named(tiny_source: Path) -> None:
    path = tiny_source / "tcga" / "patients.csv"
    pd.read_csv(path).drop(columns="mgmt").to_csv(path, index=False)
    with pytest.raises(ReadError, match=r"patients\.csv: lacks the columns \['mgmt'\]"):
        build(tiny_source)


@pytest.mark.parametrize(
    ("name", "row", "column", "value", "message"),
    [
        ("patients.csv", 0, "idh", "wild", r"patients\.csv:2: .*idh is 'wild', expected one of"),
        ("patients.csv", 2, "os_days", -3, r"patients\.csv:4: os_days is -3, below zero"),
        ("patients.csv", 2, "os_event", 2, r"patients\.csv:4: os_event is 2, expected 0 or 1"),
        (
            "patients.csv",
            1,
            "patient",
            A,
            r"patients\.csv:3: patient 'FAKE-AA-0000' is there twice",
        ),
        ("patients.csv", 3, "tss", "CC", r"patients\.csv:5: .*code 'CC' is not the one in the id"),
        ("patients.csv", 3, "institution", "Here", r"institution is 'Here', but .* has 'UNC'"),
        ("mutation_matrix.csv.gz", 1, "patient", "FAKE-XX-0009", r"csv\.gz:3: .* is not in tcga/"),
        ("mri3d/manifest.csv", 0, "has_T1post", True, r"says channels \[True, True, False\]"),
        (
            "rna_cnv_mut_clinical.csv.gz",
            1,
            "TP53_rnaseq",
            0.75,
            r"csv\.gz:3: patient FAKE-AA-0000: two slides .* differ in \['TP53_rnaseq'\]",
        ),
    ],
)
def test_tables_that_contradict_themselves_stop_the_build(
    tiny_source: Path, name: str, row: int, column: str, value: object, message: str
) -> None:
    edit(tiny_source, name, row, column, value)
    with pytest.raises(FusionError, match=message):
        build(tiny_source)


def test_all_faults_come_at_once(tiny_source: Path) -> None:
    edit(tiny_source, "patients.csv", 0, "idh", "wild")
    edit(tiny_source, "patients.csv", 1, "grade", "G5")
    with pytest.raises(CohortError, match="2 faults") as caught:
        build(tiny_source)
    assert [fault.line for fault in caught.value.faults] == [2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((3, 2, 3, 5), np.uint8)}, r"expected uint8 \[3, z, y, x\]"),
        ({"image": np.zeros((3, 2, 3, 4))}, r"holds image float64"),
        ({"mask": np.full((2, 3, 4), 7, np.uint8)}, "has a mask other than 0 and 1"),
        ({"channel_present": np.zeros(3, bool)}, "no real channel"),
        ({"image": np.array(["x"], dtype=object)}, "is not a whole MRI crop"),
    ],
)
def test_a_bad_crop_is_named(
    tiny_source: Path, change: dict[str, np.ndarray], message: str
) -> None:
    path = tiny_source / "tcga" / "mri3d" / f"{A}.npz"
    good = dict(np.load(path))
    np.savez(path, **(good | change))
    with pytest.raises(ReadError, match=message):
        build(tiny_source)


def test_a_torn_crop_is_named(tiny_source: Path) -> None:
    path = tiny_source / "tcga" / "mri3d" / f"{A}.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ReadError, match=rf"{A}\.npz: is not a whole MRI crop"):
        build(tiny_source)


def test_a_region_of_nobody_is_refused(tiny_source: Path) -> None:
    (tiny_source / "tcga" / "wsi_roi" / "somebody_else_1.png").touch()
    with pytest.raises(ReadError, match="begins with 'somebody_els', which is no patient's id"):
        build(tiny_source)


# ---- the real tables ----


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not REAL.is_dir():
        pytest.skip("the real TCGA tables are not here: expected ../shared/data/glioma_real")
    out = tmp_path_factory.mktemp("real") / "cohort"
    began = time.monotonic()
    build_tcga_glioma(REAL, out)
    assert time.monotonic() - began < 60
    return out


def test_real_counts(real: Path) -> None:
    """The numbers of the source's README, and of its own list of who has what."""
    manifest = pd.read_csv(real / "manifest.csv")
    assert manifest["patient_id"].nunique() == 879
    held = manifest.groupby("modality")["patient_id"].nunique().to_dict()
    omics = {"cnv": 445, "markers": 445, "mutations": 681, "rna": 445}
    assert held == {"clinical": 863, "mri": 65, "wsi": 2, **omics}
    folds = pd.read_csv(real / "peer_folds.csv", index_col="patient_id")["fold"]
    assert set(folds.index) == set(manifest.loc[manifest["modality"] == "rna", "patient_id"])
    assert folds.value_counts().to_dict() == {1: 93, 2: 92, 3: 88, 0: 87, 4: 85}
    assert manifest["modality"].isna().sum() == 6
    raw = pd.read_csv(REAL / "tcga" / "patients.csv")
    for modality, flag in (("rna", "has_rna_porpoise"), ("mutations", "has_mut")):
        mine = set(manifest.loc[manifest["modality"] == modality, "patient_id"])
        assert mine == set(raw.loc[raw[flag], "patient"])
    sequences = manifest.loc[manifest["modality"] == "mri", "sequence"].value_counts().to_dict()
    assert sequences == {"mask": 65, "FLAIR": 65, "T1": 60, "T1c": 59}


def test_real_centers(real: Path) -> None:
    manifest = pd.read_csv(real / "manifest.csv", dtype=str)
    assert manifest.groupby("patient_id")["center"].nunique().max() == 1
    center = manifest.drop_duplicates("patient_id").set_index("patient_id")["center"]
    codes = center.groupby(center.index.str.split("-").str[1]).unique().map(list)
    assert codes[["HT", "FG", "19"]].tolist() == [["Case Western"]] * 3
    assert codes["EZ"] == codes["OX"] == ["UNC"]


def test_real_labels_agree_with_the_source(real: Path) -> None:
    mine = pd.read_csv(real / "targets.csv", index_col=0)
    raw = pd.read_csv(REAL / "tcga" / "patients.csv", index_col=0).loc[mine.index]
    for column, positive, word in (
        ("idh", "mutant", "Mutant"),
        ("codel_1p19q", "codeleted", "codel"),
        ("mgmt", "methylated", "Methylated"),
    ):
        assert (mine[column].notna() == raw[column].notna()).all()
        assert ((mine[column] == positive) == (raw[column] == word)).all()
    known = raw["os_days"].notna()
    np.testing.assert_array_equal(mine.loc[known, "os_time_days"], raw.loc[known, "os_days"])
    np.testing.assert_array_equal(mine.loc[known, "os_event"], raw.loc[known, "os_event"])
    assert mine.loc[~known, "os_event"].isna().all()
    assert (mine["os_time_days"].dropna() >= 0).all()
    assert not ((mine["os_time_days"] == 0) & (mine["os_event"] == 1)).any()


def test_real_voxels_equal_the_source(real: Path) -> None:
    raw = pd.read_csv(REAL / "tcga" / "mri3d" / "manifest.csv")
    for patient in raw["patient"].iloc[:: len(raw) // 4]:
        crop = np.load(REAL / "tcga" / "mri3d" / f"{patient}.npz")
        for index, name in enumerate(("T1", "FLAIR", "T1c")):
            path = real / "mri" / patient / f"{name}.nii.gz"
            assert path.exists() == crop["channel_present"][index]
            if path.exists():
                image = nib.load(path)
                voxels = np.asanyarray(image.dataobj)
                np.testing.assert_array_equal(voxels.transpose(2, 1, 0), crop["image"][index])
                assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 0


def test_real_tables_agree_with_each_other(real: Path) -> None:
    text = (real / "summary.txt").read_text()
    assert "survival event: 445 patients have both, 0 differ" in text
    assert "survival time within 1 day: 445 patients have both, 0 differ" in text
    assert "IDH label and exome: 674 patients have both, 5 differ" in text


def test_leakage_patterns_name_real_columns_and_targets(real: Path) -> None:
    columns = [f"rna.{c}" for c in pd.read_parquet(real / "rna.parquet").columns[1:]]
    for name in ("clinical", "cnv", "markers", "mutations"):
        columns += [f"{name}.{c}" for c in pd.read_csv(real / f"{name}.csv", nrows=1).columns[1:]]
    targets = pd.read_csv(real / "targets.csv", nrows=1).columns[1:].str.replace("_time_days", "")
    assert set(LABEL_DEFINING) == {t for t in targets if not t.endswith("_event")}
    for patterns in (*LABEL_DEFINING.values(), *LABEL_PROXY.values()):
        for pattern in patterns:
            assert fnmatch.filter(columns, pattern), pattern


def test_no_copy_number_column_lies_on_1p_or_19q(real: Path) -> None:
    """Why nothing there defines 1p/19q: genes of 7p (EGFR and neighbours) and 9p21 only."""
    genes = set(pd.read_csv(real / "cnv.csv", index_col=0).columns)
    chr7 = {"VSTM2A", "SEC61G", "EGFR", "LANCL2", "VOPP1"}
    chr9 = {g for g in genes if g.startswith(("IFN", "CDKN2"))}
    chr9 |= {"FOCAD", "KLHL9", "MIR31HG", "RN7SL151P", "MTAP", "DMRTA1", "ELAVL2"}
    assert genes == chr7 | chr9
