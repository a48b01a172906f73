"""Which elements of a header may tell who a patient is; their values are never kept."""

from collections.abc import Iterator, Sequence

import pydicom

BY_TYPE = {"PN": "name", "DA": "exact date", "DT": "exact date"}
BY_KEYWORD = {
    "PatientBirthDate": "date of birth",
    "PatientBirthTime": "date of birth",
    "InstitutionName": "institution",
    "InstitutionAddress": "institution",
    "InstitutionalDepartmentName": "institution",
    "StationName": "institution",
    "DeviceSerialNumber": "institution",
    "AccessionNumber": "accession number",
    "StudyID": "accession number",
    "OtherPatientIDs": "identifier",
    "IssuerOfPatientID": "identifier",
    "PatientAddress": "identifier",
    "PatientTelephoneNumbers": "identifier",
    "MedicalRecordLocator": "identifier",
    "MilitaryRank": "identifier",
}


def telling(data: pydicom.Dataset, patient: str | None) -> set[tuple[str, str]]:
    """Pairs of category and tag name; private tags by number, as their makers' names are values.

    `PatientName` is let pass where it is the declared pseudonym. What is not listed may tell as
    much: free text, comments, burned-in writing, the face. The list is no proof.

    Example:
        >>> data = pydicom.Dataset()
        >>> data.PatientName, data.StudyDate, data.Rows = "P-1", "20200131", 4
        >>> telling(data, "P-1")
        {('exact date', 'StudyDate')}
    """
    found = {
        (category, name)
        for category, name, value in _elements(data)
        if name != "PatientName" or str(value) != patient
    }
    if data.get("BurnedInAnnotation") == "YES":
        found.add(("burned-in text", "BurnedInAnnotation"))
    return found


def _elements(data: pydicom.Dataset) -> Iterator[tuple[str, str, object]]:
    # raw elements: an odd value that is never looked at need not be understood
    for tag in data.keys():  # noqa: SIM118
        if tag.is_private:
            yield "private tag", f"({tag.group:04x},{tag.element:04x})", None
            continue
        keyword = pydicom.datadict.keyword_for_tag(tag)
        kind = pydicom.datadict.dictionary_VR(tag) if keyword else ""
        if kind == "SQ":
            for item in data[tag].value or []:
                yield from _elements(item)
        category = BY_KEYWORD.get(keyword) or BY_TYPE.get(kind)
        if category and (value := data.get_item(tag)) is not None and _text(value.value):
            yield category, keyword, _text(value.value)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1").strip(" \0")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\\".join(map(str, value)).strip()
    return "" if value is None else str(value).strip()
