"""How a region is called in DICOM: one coded type for each, out of CID 7159 where it has one."""

from collections.abc import Mapping
from typing import NamedTuple


class Code(NamedTuple):
    """A concept of a coding scheme."""

    value: str
    scheme: str
    """`SCT` (SNOMED CT), `NCIt`, `DCM`; `99...` is a scheme of one's own."""
    meaning: str


CATEGORY = Code("49755003", "SCT", "Morphologically Abnormal Structure")

FAMILY = Code("123110", "DCM", "Artificial Intelligence")
"""What kind of algorithm drew the outline (CID 7162)."""

NECROSIS = Code("6574001", "SCT", "Necrosis")
"""For a mask whose NETC is known to be necrosis alone: `{**TYPES, "NETC": NECROSIS}`."""

TYPES: Mapping[str, Code] = {
    "WT": Code("52988006", "SCT", "Lesion"),
    "TC": Code("108369006", "SCT", "Neoplasm"),
    "ET": Code("C113842", "NCIt", "Enhancing Lesion"),
    "NETC": Code("C81175", "NCIt", "Non-Enhancing Lesion"),
    "SNFH": Code("79654002", "SCT", "Edema"),
    "RC": Code("resection-cavity", "99FUSION", "Resection Cavity"),
    "CC": Code("367643001", "SCT", "Cyst"),
}
"""Region -> its type. NETC mixes necrosis with tumour that does not enhance, so it has the wider
code. Whole tumour holds oedema, so it is a lesion; whether a core is primary or secondary, a mask
does not tell. CID 7159 has no code for a resection cavity, so that one is our own."""
