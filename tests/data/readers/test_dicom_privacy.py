"""Tags that may tell who somebody is are found wherever they stand, and never quoted."""

import logging

import pydicom
import pytest

from fusion.data.readers.dicom_privacy import telling
from fusion.data.readers.dicom_series import read_series
from fusion.errors import ReadError
from fusion.testing.dicom import affine_ras, stored, write_series

SECRET = "Mustermann"


@pytest.mark.parametrize(
    ("name", "value", "category"),
    [
        ("PatientName", SECRET, "name"),
        ("ReferringPhysicianName", SECRET, "name"),
        ("OperatorsName", [SECRET, SECRET], "name"),
        ("PatientBirthDate", "19500101", "date of birth"),
        ("StudyDate", "20200131", "exact date"),
        ("AcquisitionDateTime", "20200131120000", "exact date"),
        ("InstitutionName", SECRET, "institution"),
        ("StationName", SECRET, "institution"),
        ("AccessionNumber", SECRET, "accession number"),
        ("OtherPatientIDs", SECRET, "identifier"),
        ("BurnedInAnnotation", "YES", "burned-in text"),
    ],
)
def test_found_at_any_depth(name, value, category):
    data, item = pydicom.Dataset(), pydicom.Dataset()
    setattr(data, name, value)
    assert telling(data, "P-1") == {(category, name)}
    if name != "BurnedInAnnotation":  # of the whole image, so at the top only
        setattr(item, name, value)
        outer = pydicom.Dataset()
        outer.ReferencedStudySequence = [item]
        assert telling(outer, "P-1") == {(category, name)}


def test_private_tags_by_number(tmp_path):
    data = pydicom.Dataset()
    block = data.private_block(0x0029, SECRET, create=True)
    block.add_new(1, "LO", SECRET)
    assert telling(data, None) == {("private tag", "(0029,0010)"), ("private tag", "(0029,1001)")}


@pytest.mark.parametrize("value", ["", None, " "])
def test_blank_tells_nothing(value):
    data = pydicom.Dataset()
    data.InstitutionName = data.PatientName = data.AccessionNumber = value
    assert telling(data, "P-1") == set()


def test_only_the_declared_pseudonym_is_let_pass():
    data = pydicom.Dataset()
    data.PatientName = "P-1"
    assert telling(data, "P-1") == set()
    assert telling(data, "P-2") == {("name", "PatientName")}


def test_a_series_names_tags_and_files(tmp_path):
    def named(place, data):
        data.PatientName = "P-1"
        if place == 2:
            data.InstitutionName = SECRET

    paths = write_series(tmp_path, stored(), affine_ras(), edit=named)
    volume = read_series(paths, "P-1")
    assert volume.telling == {("institution", "InstitutionName"): (paths[2],)}


def test_no_value_is_told_by_warnings_log_or_refusals(tmp_path, caplog, recwarn):
    """pydicom quotes a value that breaks its type."""

    def odd(_, data):
        data.add_new("PatientBirthDate", "LO", "born in May")
        data["PatientBirthDate"].VR = "DA"
        data.SeriesInstanceUID = pydicom.uid.UID(f"1.2.{SECRET}", validation_mode=0)

    paths = write_series(tmp_path, stored(), affine_ras(), edit=odd)
    caplog.clear()  # of the writing
    recwarn.clear()
    with caplog.at_level(logging.DEBUG):
        volume = read_series(paths, "P-1")
    assert ("date of birth", "PatientBirthDate") in volume.telling
    assert SECRET not in caplog.text
    assert not recwarn.list

    paths[0].write_bytes(paths[0].read_bytes()[:500])
    with pytest.raises(ReadError) as caught:
        read_series(paths, "P-1")
    assert "born" not in str(caught.value)
