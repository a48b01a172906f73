"""SUVbw against numbers worked out by hand, and every reason to refuse."""

import pydicom
import pytest

from fusion.data.readers.dicom_suv import suv_factor
from fusion.errors import ReadError
from fusion.testing.dicom import PET, drug


def header(changes=None, **of_drug):
    data = pydicom.Dataset()
    given = dict(PET) | {"RadiopharmaceuticalInformationSequence": [drug(**of_drug)]}
    for name, value in (given | (changes or {})).items():
        if value is not None:
            setattr(data, name, value)
    return data


def factor(tmp_path, *headers):
    return suv_factor({tmp_path / f"{i}.dcm": h for i, h in enumerate(headers)}, "P-1")


def test_one_hour_of_fluorine_18(tmp_path):
    """70 kg, 370 MBq, 60 min, half-life 109.77 min.

    By hand: 3600 / 6586.2 = 0.546597 half-lives; 2 ** -0.546597 = 0.684633; 253.314 MBq are left;
    70,000 g / 253,314,000 Bq = 2.763369e-4 g/Bq. A voxel of 10 kBq/ml is SUV 2.763.
    """
    assert factor(tmp_path, header()) == pytest.approx(2.763369e-4, rel=2e-6)


def test_one_half_life_halves_the_dose(tmp_path):
    """12:00:00 - 6586.2 s = 10:10:13.8; 75,000 g / 150 MBq = 5e-4 exactly."""
    data = header(
        {"PatientWeight": 75},
        RadionuclideTotalDose=3e8,
        RadiopharmaceuticalStartDateTime="20200131101013.8",
    )
    assert factor(tmp_path, data) == pytest.approx(5e-4, rel=1e-12)


def test_the_image_is_corrected_to_the_injection(tmp_path):
    """ADMIN: no decay; 70,000 g / 350 MBq = 2e-4."""
    data = header({"DecayCorrection": "ADMIN", "SeriesTime": None}, RadionuclideTotalDose=3.5e8)
    assert factor(tmp_path, data) == pytest.approx(2e-4, rel=1e-12)


def test_a_time_without_a_date_is_of_the_day_of_the_series(tmp_path):
    data = header()
    drug_item = data.RadiopharmaceuticalInformationSequence[0]
    del drug_item.RadiopharmaceuticalStartDateTime
    drug_item.RadiopharmaceuticalStartTime = "110000"
    assert factor(tmp_path, data) == factor(tmp_path, header())


def test_past_midnight_with_dates(tmp_path):
    changes = {"SeriesTime": "003000", "AcquisitionTime": "003000"}
    data = header(changes, RadiopharmaceuticalStartDateTime="20200130233000")
    assert factor(tmp_path, data) == factor(tmp_path, header())


@pytest.mark.parametrize("kind", [None, "BW"])
def test_units_of_suv_stay(tmp_path, kind):
    data = header({"Units": "GML", "SUVType": kind, "PatientWeight": None})
    assert factor(tmp_path, data) == 1.0


def test_later_beds_are_corrected_to_the_start_of_the_series(tmp_path):
    """The reference is the series' start, however late a slice was acquired."""
    later = header({"AcquisitionTime": "121500"})
    assert factor(tmp_path, header(), later) == factor(tmp_path, header())


@pytest.mark.parametrize(
    ("changes", "of_drug", "message"),
    [
        ({"Units": "CNTS"}, {}, "Units is 'CNTS', expected BQML"),
        ({"Units": None}, {}, "Units is 'None', expected BQML"),
        ({"Units": "GML", "SUVType": "LBM"}, {}, "expected BQML .or GML with SUVType BW"),
        ({"CorrectedImage": ["ATTN"]}, {}, "CorrectedImage lacks DECY"),
        ({"CorrectedImage": "DECY"}, {}, "CorrectedImage lacks ATTN"),
        ({"CorrectedImage": None}, {}, "CorrectedImage lacks ATTN and DECY"),
        ({"DecayCorrection": "NONE"}, {}, "DecayCorrection is 'NONE', expected START or ADMIN"),
        ({"DecayCorrection": None}, {}, "DecayCorrection is 'None'"),
        (
            {"RadiopharmaceuticalInformationSequence": None},
            {},
            "Sequence is missing or has several",
        ),
        (
            {"RadiopharmaceuticalInformationSequence": [drug(), drug()]},
            {},
            "missing or has several",
        ),
        ({"PatientWeight": None}, {}, "PatientWeight is missing: no SUV; ask for an export"),
        ({"PatientWeight": 0}, {}, "PatientWeight is 0, expected 0.3 to 500 kg"),
        ({"PatientWeight": 70000}, {}, "70000, expected .* kg; is it in another unit"),
        ({}, {"RadionuclideTotalDose": None}, "RadionuclideTotalDose is missing"),
        ({}, {"RadionuclideTotalDose": 370}, "is 370, expected .* Bq; is it in another unit"),
        ({}, {"RadionuclideHalfLife": None}, "RadionuclideHalfLife is missing"),
        ({}, {"RadionuclideHalfLife": 0}, "RadionuclideHalfLife is 0"),
        ({}, {"RadiopharmaceuticalStartDateTime": None}, "StartTime is missing"),
        ({}, {"RadiopharmaceuticalStartDateTime": "2020"}, "not a date with a time"),
        ({}, {"RadiopharmaceuticalStartDateTime": "20200131110000+0100"}, "without a zone"),
        ({}, {"RadiopharmaceuticalStartDateTime": "20200131130000"}, "lies -3600 s before"),
        ({}, {"RadiopharmaceuticalStartDateTime": "20200130110000"}, "lies 90000 s before"),
        ({"SeriesTime": None}, {}, "SeriesDate and SeriesTime is missing"),
        ({"SeriesDate": None}, {}, "SeriesDate and SeriesTime is missing"),
        ({"AcquisitionTime": None}, {}, "AcquisitionDate and AcquisitionTime is missing"),
        ({"AcquisitionTime": "113000"}, {}, "acquired before the series began"),
    ],
)
def test_no_suv(tmp_path, changes, of_drug, message):
    with pytest.raises(ReadError, match=message) as caught:
        factor(tmp_path, header(changes, **of_drug))
    assert str(caught.value).startswith(f"patient P-1: {tmp_path / '0.dcm'}: ")


def test_files_that_disagree(tmp_path):
    with pytest.raises(ReadError, match=r"1\.dcm: .* not those of 0\.dcm"):
        factor(tmp_path, header(), header({"PatientWeight": 71}))
