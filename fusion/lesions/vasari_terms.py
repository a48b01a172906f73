"""VASARI's list of features, and its bins."""

NOT_ASSESSED = "not_assessed"
"""Masks do not decide it. Never to be read as absent."""

FEATURES = (
    "F1 tumour location",
    "F2 side of tumour centre",
    "F3 eloquent brain",
    "F4 enhancement quality",
    "F5 proportion enhancing",
    "F6 proportion nCET",
    "F7 proportion necrosis",
    "F8 cysts",
    "F9 multifocal or multicentric",
    "F10 T1/FLAIR ratio",
    "F11 thickness of enhancing margin",
    "F12 definition of enhancing margin",
    "F13 definition of non-enhancing margin",
    "F14 proportion of oedema",
    "F15 oedema crosses midline",
    "F16 haemorrhage",
    "F17 diffusion",
    "F18 pial invasion",
    "F19 ependymal extension",
    "F20 cortical involvement",
    "F21 deep white matter invasion",
    "F22 nCET crosses midline",
    "F23 enhancing tumour crosses midline",
    "F24 satellites",
    "F25 calvarial remodelling",
    "F29 longest diameter (mm)",
    "F30 perpendicular diameter (mm)",
)
"""In VASARI's order and numbers; 26 to 28 are about resection, not about the image before it."""


def proportion(share: float) -> str:
    """The bin of a share of the abnormality.

    VASARI's bins are whole percents with holes between them; a share in a hole goes to the bin
    above. It splits the uppermost further (68-95 %, > 95 %, all), which this does not.

    Example:
        >>> [proportion(share) for share in (0.0, 0.05, 0.051, 0.33, 0.67, 0.9)]
        ['none', '<5%', '6-33%', '6-33%', '34-67%', '>67%']
    """
    if share == 0:
        return "none"
    bins = ((0.05, "<5%"), (0.33, "6-33%"), (0.67, "34-67%"))
    return next((name for upper, name in bins if share <= upper), ">67%")
