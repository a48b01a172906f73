"""A small model over volumes and a table, whose answer depends on one known box."""

import torch
from torch import nn

from fusion.data.sample import Sample
from fusion.encoders.backbones import volume_backbone
from fusion.encoders.vector import VectorEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.explain.volume_question import VolumeQuestion
from fusion.heads.early import EarlyFusion
from fusion.model import FusionModel
from fusion.tasks.classification import Classification
from fusion.types import Volumes

SIDE, CELL, CHANNELS, DIM = 16, 4, 3, 4
BOX = (slice(4, 8), slice(8, 12), slice(0, 4))
"""What the answer of `box_question` depends on: one cell of a map of 4 x 4 x 4."""


class Within(nn.Module):
    """What lies outside a box of the image is cut from the map."""

    def __init__(self, box):
        super().__init__()
        seen = torch.zeros(SIDE, SIDE, SIDE, dtype=torch.float64)
        seen[box] = 1
        self.register_buffer("cells", seen[::CELL, ::CELL, ::CELL])

    def forward(self, x):
        return x * self.cells


def volume_encoder(backbone, features):
    return VolumeEncoder(backbone=backbone, features=features, channels=CHANNELS, dim=DIM)


def box_encoder(scale=1.0):
    """Means over cells of the image, of which one passes; `scale` 0 makes it constant."""
    means = nn.Conv3d(CHANNELS, 1, kernel_size=CELL, stride=CELL)
    nn.init.constant_(means.weight, scale / CELL**3)
    nn.init.zeros_(means.bias)
    encoder = volume_encoder(nn.Sequential(means, Within(BOX)), 1)
    encoder.project = nn.Linear(1, DIM)  # a norm over one feature would leave nothing
    return encoder


def network_encoder(name="resnet"):
    return volume_encoder(*volume_backbone(name, channels=CHANNELS, width=8, layers=(1, 1)))


def volumes(channels=(True, True, True), seed=0):
    """Brain everywhere but in a rim of two voxels; junk in absent channels."""
    image = torch.randn(1, CHANNELS, SIDE, SIDE, SIDE, generator=torch.manual_seed(seed)).double()
    brain = torch.zeros(SIDE, SIDE, SIDE, dtype=torch.bool)
    brain[:, 2:-2, :-2] = True
    there = torch.tensor([channels])
    return Volumes(torch.where(there[..., None, None, None], image * brain, 1e6), there)


def volume_question(encoder, shown=None, *, dtype=torch.float64, **other):
    torch.manual_seed(1)
    encoders = {"mri": encoder, "rna": VectorEncoder(in_features=3, dim=DIM)}
    head = EarlyFusion(dims={"mri": DIM, "rna": DIM}, out_features=3)
    model = FusionModel(encoders=encoders, head=head).to(dtype).eval()
    shown = volumes() if shown is None else shown
    inputs = {
        "mri": Volumes(shown.image.to(dtype), shown.channels),
        "rna": torch.randn(1, 3, dtype=torch.float64).to(dtype),
    }
    values = {
        "model": model,
        "tasks": {"kind": Classification(classes=["a", "b", "c"], balanced=False)},
        "task": "kind",
        "column": "b",
        "probability": True,
        "sample": Sample("p1", "here", inputs, {}),
        "modality": "mri",
    }
    return VolumeQuestion(**{**values, **other})


def lit(value=2.0):
    """Dim noise, and one box that is bright: the answer of `box_encoder` is about that."""
    image = 0.1 * volumes().image
    image[:, :, *BOX] += value * (image[:, :, *BOX] != 0)
    return Volumes(image, torch.ones(1, CHANNELS, dtype=torch.bool))
