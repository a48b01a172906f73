"""Which tasks of the table can be used, and what its `yes` stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Marker:
    """One task with two answers."""

    name: str
    """Of the task in our predictions."""
    no: str
    """Class that the table calls `no`."""
    yes: str
    """Class that the table calls `yes`; the positive one."""


MARKERS: Mapping[str, Marker] = MappingProxyType(
    {
        "IDH": Marker("idh", "wildtype", "mutant"),
        "1p/19q": Marker("codel_1p19q", "intact", "codeleted"),
        "MGMT": Marker("mgmt", "unmethylated", "methylated"),
        "ATRX": Marker("atrx", "wildtype", "mutant"),
        "TP53": Marker("tp53", "wildtype", "mutant"),
        "TERT": Marker("tert_promoter", "wildtype", "mutant"),
        "EGFR": Marker("egfr", "not_amplified", "amplified"),
        "CDKN2A/B": Marker("cdkn2ab", "not_deleted", "deleted"),
        "7_gain_10_loss": Marker("gain_7_loss_10", "absent", "present"),
        "Ki-67": Marker("ki67", "no", "yes"),
    }
)
"""Name in the table -> marker. The words are those of the source's README; of Ki-67 it does not say
from which share on the answer is yes, and so no word is put in its mouth."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "High_WHO_Grade": "coded inverted (no goes with WHO grade 4), and its rows of TCGA repeat "
        "the labels and probabilities of IDH",
        "WHO": "of three grades only the probability of the predicted one is given",
    }
)
"""Name in the table -> why it is not converted."""
