"""A masked autoencoder learns what can be told of planted volumes."""

import pandas as pd
import pytest
import torch

from fusion.encoders.reconstruct import Reconstruction
from fusion.lit.contrast import Shuffled
from fusion.lit.learn_masked import learn_masked
from fusion.lit.masked import DrawnVolumes, EpochRows, LitMasked
from fusion.types import Volumes
from tests.encoders.weights_examples import tumour

PATIENTS = 16


class Waves(DrawnVolumes):
    """Two channels, the second the negative of the first: a plane wave of a phase of its own."""

    def __init__(self):
        self.draws, self.seed, self.patients = 1, 0, list(range(PATIENTS))

    def _draw(self, epoch, row):
        place = torch.arange(16) * 2 * torch.pi / 16 + row * 2 * torch.pi / PATIENTS
        wave = torch.sin(place)[None, :, None, None].expand(1, 16, 16, 16) + 0.1
        return Volumes(torch.cat([wave, -wave])[None], torch.ones(1, 2, dtype=torch.bool))


@pytest.mark.slow
def test_it_tells_hidden_voxels_better_than_their_mean(tmp_path):
    torch.manual_seed(0)
    module = LitMasked(
        model=Reconstruction(tumour(), channels=2, shape=(16, 16, 16)),
        block=4,
        ratio=0.5,
        flip=True,
        drop_sequences=0.0,
        lr=5e-3,
        epochs=20,
        seed=0,
    )
    settings = {"folder": tmp_path, "batch": 4, "epochs": 20, "seed": 0, "accelerator": "cpu"}
    learn_masked(module, Waves(), workers=0, **settings)
    curve = pd.read_csv(tmp_path / "history.csv")
    assert curve["loss"].iloc[0] > 0.3  # of a spread of 0.5
    # 1 is the mean; a wave can be told from any visible block
    assert curve["unexplained"].iloc[-1] < 0.2


def test_rows_know_their_epoch():
    rows = EpochRows(Shuffled(rows=6, batch=2, seed=0))
    rows.set_epoch(3)
    found = [pair for batch in rows for pair in batch]
    assert {epoch for epoch, _ in found} == {3}
    assert sorted(row for _, row in found) == list(range(6))
