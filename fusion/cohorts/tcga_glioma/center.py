"""Which hospital a patient comes from: several codes are one hospital, two names are another."""

import pandas as pd

ONE_HOSPITAL = {"University of North Carolina": "UNC"}
"""Names that the list of codes has not merged."""

BROKERS = ("Asterand", "Cureline", "International Genomics Consortium")
"""Tissue banks that collect from hospitals unnamed: a centre, but not *one* place."""


def institution_of(codes: pd.DataFrame) -> dict[str, str]:
    """Tissue source site code -> institution, as the list of codes has it."""
    return dict(zip(codes["tss_code"], codes["institution"], strict=True))


def centers(patients: pd.DataFrame) -> pd.Series:
    """Patient -> hospital, in the order of the table.

    Example:
        >>> table = pd.DataFrame({"patient": ["a", "b"],
        ...                       "institution": ["UNC", "University of North Carolina"]})
        >>> centers(table).to_dict()
        {'a': 'UNC', 'b': 'UNC'}
    """
    return patients.set_index("patient")["institution"].replace(ONE_HOSPITAL).rename("center")
