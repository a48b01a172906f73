"""A small model over tiles and a table, and tiles with places, as explanations need them."""

from pathlib import Path

import numpy as np
import torch

from fusion.data.entry import Entry
from fusion.data.sample import Sample
from fusion.data.sources.placed_tiles import PlacedTiles
from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.vector import VectorEncoder
from fusion.explain.question import Question
from fusion.explain.scored import ScoredTiles
from fusion.heads.early import EarlyFusion
from fusion.model import FusionModel
from fusion.tasks.classification import Classification
from fusion.types import Bags

TILES, WIDTH = 12, 4


def question(encoder=GatedAttentionEncoder, column="b", **settings):
    torch.manual_seed(0)
    encoders = {
        "wsi": encoder(features=WIDTH, dim=8, dropout=0.0, **settings),
        "rna": VectorEncoder(in_features=3, dim=8),
    }
    head = EarlyFusion(dims={"wsi": 8, "rna": 8}, out_features=3)
    model = FusionModel(encoders=encoders, head=head).double().eval()
    tiles = torch.randn(TILES, WIDTH, dtype=torch.float64)
    inputs = {
        "wsi": Bags(tiles, torch.tensor([0, TILES])),
        "rna": torch.randn(1, 3, dtype=torch.float64),
    }
    return Question(
        model=model,
        tasks={"kind": Classification(classes=["a", "b", "c"], balanced=False)},
        task="kind",
        column=column,
        probability=True,
        sample=Sample("p1", "here", inputs, {}),
        modality="wsi",
    )


def placed(corner_um, *, slide=None, mpp=0.5, tile_um=100.0):
    corner = np.asarray(corner_um, dtype=float)
    n = len(corner)
    return PlacedTiles(
        features=torch.zeros(n, 1),
        slide=np.zeros(n, dtype=int) if slide is None else np.asarray(slide),
        corner_um=corner,
        corner_px=np.round(corner / mpp).astype(int),
        side_px=np.full(n, tile_um / mpp),
        sharpness=np.full(n, 0.5),
        background=np.zeros(n),
        tile_um=tile_um,
    )


def scored(scores, corner_um, *, method="integrated_gradients", paths=("one.tif",), **where):
    values = np.asarray(scores, dtype=float)
    entries = [Entry("p1", "here", "wsi", Path(path), 2 + i) for i, path in enumerate(paths)]
    return ScoredTiles("p1", "kind: b", method, entries, placed(corner_um, **where), values, values)
