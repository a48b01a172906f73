"""Patients of whom two modalities are told apart by a planted relation."""

import pytest
import torch

from fusion.types import Tokens


@pytest.fixture(scope="package")
def related():
    """`related(seed, patients)`: `rna` is a linear map of `mri`, with a little noise."""
    turn = torch.randn(2, 3, generator=torch.Generator().manual_seed(99))

    def drawn(seed, patients=400):
        draw = torch.Generator().manual_seed(seed)
        mri = torch.randn(patients, 1, 2, generator=draw)
        noise = 0.1 * torch.randn(patients, 1, 3, generator=draw)
        there = torch.ones(patients, 1, dtype=torch.bool)
        return {"mri": Tokens(mri, there), "rna": Tokens(mri @ turn + noise, there)}

    return drawn


@pytest.fixture(scope="package")
def error_of(related):
    """`error_of(fill)`: of what stands for `rna`, in units of its variance, in new patients."""

    def error(fill):
        new = related(seed=1)
        rna = new["rna"].features
        hidden = Tokens(rna.new_full(rna.shape, torch.nan), torch.zeros_like(new["rna"].mask))
        with torch.no_grad():
            guess = fill.eval()({**new, "rna": hidden})[0]["rna"]
        assert guess.present.all()
        return float((guess.features - rna).square().mean() / rna.var(dim=0).mean())

    return error
