import numpy as np
import pytest
import torch

from fusion.heads.missing.mean import MeanToken
from fusion.testing.head_examples import DIMS, example


def test_equals_the_mean_over_the_training_patients_who_have_it_whatever_the_batches():
    batches = [example(seed=1), example(seed=2)]
    fill = MeanToken(dims=DIMS)
    fill.fit(batches)
    filled = fill(example())[0]
    for m, t in filled.items():
        means = []  # patient by patient, token by token
        for tokens in batches:
            for x, mask in zip(tokens[m].features, tokens[m].mask, strict=True):
                real = [row.numpy() for row, there in zip(x, mask, strict=True) if there]
                means += [np.mean(real, axis=0)] if real else []
        lacking = t.present & ~example()[m].present
        expected = torch.tensor(np.mean(means, axis=0)).expand(int(lacking.sum()), -1)
        # sums in single precision, in another order
        torch.testing.assert_close(t.mean()[lacking], expected, rtol=1e-5, atol=1e-6)


def test_the_error_of_the_mean_is_the_variance(related, error_of):
    fill = MeanToken(dims={"mri": 2, "rna": 3})
    fill.fit([related(seed=0)])
    # 400 patients: the variance of new ones differs by chance
    assert error_of(fill) == pytest.approx(1.0, abs=0.1)
