"""The most alike training patients in place of a modality that a patient lacks."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fusion.errors import TrainingError
from fusion.heads.missing.fill import Filled, FittedFill, stand_in
from fusion.heads.missing.summary import Summary, columns, gather, mean_by_modality, summarise
from fusion.heads.modalities import sorted_names
from fusion.types import Tokens


class NearestPatients(FittedFill):
    """The mean token of the k nearest training patients who have what a patient lacks.

    Near is who has alike tokens in the modalities that both have: the mean over these of the
    squared distance between mean tokens, in units of the modality's total variance in training.
    Who shares no modality with anybody who has the absent one gets the mean of all who have it.
    Nothing stands in for a modality that no training patient has, nor for a patient with no
    modality at all, who stays the constant that the head makes of nobody.

    In training `own` tells whose row in the bank each patient of the batch is, and nobody is filled
    in from their own row: it has what modality dropout has hidden.

    The bank is fitted (see `FusionModel.fit_missing`) and is a row for each training patient, so
    the weights hold vectors of single people: pass them on as one passes on data of patients.

    Args:
        dims: width of a token, by modality.
        neighbours: k; fewer where fewer have the modality.

    Source: Troyanskaya et al. 2001 (KNNimpute), in the space of tokens, without weights.

    Example:
        >>> fill = NearestPatients(dims={"mri": 1, "rna": 1}, neighbours=2).eval()
        >>> def patients(values, there):
        ...     return Tokens(torch.tensor(values).view(-1, 1, 1), torch.tensor(there).view(-1, 1))
        >>> train = {m: patients([1.0, 2.0, 8.0], [True] * 3) for m in ("mri", "rna")}
        >>> fill.fit([train])
        >>> new = {"mri": patients([1.4], [True]), "rna": patients([0.0], [False])}
        >>> fill(new)[0]["rna"].features.tolist()
        [[[1.5]]]
    """

    own: Int[Tensor, " batch"] | None
    """Row in the bank of each patient of the next training batch; None: nobody is in it."""
    bank: Tensor
    has: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, *, dims: Mapping[str, int], neighbours: int) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.dims = dict(dims)
        self.neighbours = neighbours
        self.own = None
        width, count = sum(dims.values()), len(self.names)
        self.register_buffer("bank", torch.zeros(0, width))
        self.register_buffer("has", torch.zeros(0, count, dtype=torch.bool))
        self.register_buffer("mean", torch.full((width,), torch.nan))
        self.register_buffer("variance", torch.ones(count))
        self.register_load_state_dict_pre_hook(_as_many_rows)

    def fit(self, batches: Iterable[Mapping[str, Tokens]]) -> None:
        """Keep the mean tokens of all training patients.

        Raises:
            TrainingError: where there is no patient.
        """
        seen = gather(batches, self.names)
        self.bank, self.has = seen.means, seen.present
        self.mean = mean_by_modality(seen, self.dims)
        apart = (self.bank - self.mean).square()
        found = []
        for i, place in enumerate(columns(self.dims).values()):
            mine = apart[self.has[:, i], place].sum(dim=1)
            found.append(mine.mean() if len(mine) and mine.any() else torch.ones_like(mine.sum()))
        self.variance = torch.stack(found)  # 1 where all are equal: distances stay finite

    def forward(self, tokens: Mapping[str, Tokens]) -> Filled:
        """Fill; no penalty.

        Raises:
            TrainingError: before `fit`.
        """
        if not len(self.bank):
            raise TrainingError("no training patient is kept: FusionModel.fit_missing first")
        with torch.no_grad():
            here = summarise(tokens, self.names)
            distance = self._distance(here)
            guesses = [self._guess(distance, i) for i in range(len(self.names))]
        filled = {}
        for m, guess in zip(self.names, guesses, strict=True):
            known = ~guess.isnan().any(dim=1)
            filled[m] = stand_in(tokens[m], guess, here.anything & known)
        return filled, {}

    def _distance(self, here: Summary) -> Float[Tensor, "batch patients"]:
        """To each training patient; infinite where nothing is shared."""
        shared = here.present.float() @ self.has.float().T
        total = torch.zeros_like(shared)
        for i, place in enumerate(columns(self.dims).values()):
            apart = torch.cdist(
                here.means[:, place],
                self.bank[:, place],
                compute_mode="donot_use_mm_for_euclid_dist",  # so that batches give equal rows
            )
            both = here.present[:, i, None] & self.has[:, i]
            total += (apart.square() / self.variance[i]).masked_fill(~both, 0.0)
        distance = (total / shared).masked_fill(shared == 0, torch.inf)
        if self.training and self.own is not None:
            distance = distance.scatter(1, self.own[:, None].to(distance.device), torch.inf)
        return distance

    def _guess(self, distance: Float[Tensor, "batch patients"], i: int) -> Float[Tensor, "batch _"]:
        """Mean token of the nearest who have modality i; NaN where nobody has."""
        place = list(columns(self.dims).values())[i]
        asked = distance.masked_fill(~self.has[:, i], torch.inf)
        near, who = asked.topk(min(self.neighbours, len(self.bank)), dim=1, largest=False)
        use = near.isfinite()
        tokens = self.bank[:, place][who]
        mean = (tokens * use[:, :, None]).sum(dim=1) / use.sum(dim=1, keepdim=True)
        return torch.where(use.any(dim=1, keepdim=True), mean, self.mean[place])


def _as_many_rows(module: nn.Module, state: Mapping[str, Any], prefix: str, *_: Any) -> None:
    """Saved weights have a row for each patient of their training: make room for these."""
    for name in ("bank", "has"):
        if (saved := state.get(f"{prefix}{name}")) is not None:
            mine = getattr(module, name)
            setattr(module, name, mine.new_zeros(len(saved), mine.shape[1]))
