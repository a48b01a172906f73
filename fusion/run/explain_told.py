"""What was done, for the reader of an explanation."""

_TILES = {
    "integrated_gradients": "Each tile's score is what it adds to the evidence on the way "
    "from average tiles of training to the patient's own (integrated gradients, Sundararajan "
    "2017).",
    "gradient_times_input": "Each tile's score is the slope of the evidence times how the "
    "tile differs from the average tile of training.",
    "attention": "Each tile's score is the weight that the encoder gave it. A weight tells "
    "where the model looked, not what for.",
}

_VOXELS = {
    "integrated_gradients": "Each voxel's score is what it adds to the evidence on the way from an "
    "empty volume to the patient's own (integrated gradients, Sundararajan 2017). `Scores sum to` "
    "should be what the volume moves; where it is not, the way has kinks that its points miss. "
    "`of T1c` and so on are sums over a sequence that the patient has.",
    "occlusion": "Each voxel's score is what evidence is lost where a box of background hides it "
    "in all sequences, mean over the boxes that cover it (occlusion, Zeiler and Fergus 2014).",
    "grad_cam": "Each voxel's score is how strong the features are there that speak for the "
    "answer, on the encoder's last map (Grad-CAM, Selvaraju 2017): coarse, and never below zero.",
}

_WHAT = {
    "tiles": "`Of the tiles` is how far they move it from what average tiles would say, "
    "`Half of it in` the share of the tiles that holds half of what speaks for the answer.",
    "cells": "`Of the volume` is how far it moves it from what a volume of background would say, "
    "`Half of it in` the share of the brain that holds half of what speaks for the answer. Curves "
    "leave cubes of brain out, not single voxels.",
}


def told(method: str, modality: str, parts: str) -> str:
    """How scores came about.

    Args:
        method: by name.
        modality: whose tiles or voxels.
        parts: `tiles` of a slide, or `cells` of a volume.
    """
    how = (_TILES if parts == "tiles" else _VOXELS)[method]
    one = "tile" if parts == "tiles" else "voxel"
    return (
        f"{how} Evidence is the log-odds of a class, or the log-hazard; everything but {modality} "
        f"stays as it is. {_WHAT[parts]} "
        "Gains are areas between a curve of the figure and that of a blind draw: above zero, the "
        f"ranking of the {parts} is one that the model itself bears out. For research; none of "
        f"this says what a {one} is, only what the model made of it."
    )
