"""The training patients' mean in place of a modality that a patient lacks."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from fusion.errors import TrainingError
from fusion.heads.missing.fill import Filled, FittedFill, stand_in
from fusion.heads.missing.summary import columns, gather, mean_by_modality
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class MeanToken(FittedFill):
    """The mean token of the training patients who have a modality stands in for who lacks it.

    The mean is fitted: see `FusionModel.fit_missing`. Nothing stands in for a modality that no
    training patient has, nor for a patient with no modality at all, who stays the constant that
    the head makes of nobody.

    Args:
        dims: width of a token, by modality.

    Example:
        >>> fill = MeanToken(dims={"mri": 1, "rna": 1})
        >>> def patients(values, there):
        ...     return Tokens(torch.tensor(values).view(-1, 1, 1), torch.tensor(there).view(-1, 1))
        >>> fill.fit([{m: patients([4.0, 6.0], [True, True]) for m in ("mri", "rna")}])
        >>> new = {"mri": patients([9.0], [True]), "rna": patients([0.0], [False])}
        >>> fill(new)[0]["rna"].features.tolist()
        [[[5.0]]]
    """

    mean: Tensor
    fitted: Tensor

    def __init__(self, *, dims: Mapping[str, int]) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.dims = dict(dims)
        self.register_buffer("mean", torch.full((sum(dims.values()),), torch.nan))
        self.register_buffer("fitted", torch.tensor(False))

    def fit(self, batches: Iterable[Mapping[str, Tokens]]) -> None:
        """Take the means over all training patients.

        Raises:
            TrainingError: where there is no patient.
        """
        self.mean = mean_by_modality(gather(batches, self.names), self.dims)
        self.fitted = torch.ones_like(self.fitted)

    def forward(self, tokens: Mapping[str, Tokens]) -> Filled:
        """Fill; no penalty.

        Raises:
            TrainingError: before `fit`.
        """
        if not self.fitted:
            raise TrainingError("the mean tokens are not fitted: FusionModel.fit_missing first")
        ordered = in_order(tokens, self.names)
        anything = torch.stack([t.present for t in ordered]).any(dim=0)
        filled = {}
        for (m, place), t in zip(columns(self.dims).items(), ordered, strict=True):
            mean = self.mean[place]
            filled[m] = stand_in(t, mean.expand(len(t), -1), anything & ~mean.isnan().any())
        return filled, {}
