"""A prediction from what a patient has in place of what the patient lacks."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.dropout import drop_modalities
from fusion.heads.missing.fill import Fill, Filled, stand_in
from fusion.heads.missing.summary import Summary, columns, summarise
from fusion.heads.modalities import sorted_names
from fusion.types import Tokens


class Reconstruction(Fill):
    """A small network predicts the mean token of an absent modality from those present.

    It learns from patients who have several: some of what they have is hidden from it, each
    modality with probability `hide` but never the last, and the squared error on what was hidden
    is the penalty `reconstruction`. The penalty alone trains it, and it trains nothing else: its
    inputs and targets have no gradient, so that encoders are not drawn towards what is easily
    predicted, and what stands in stays an estimate of a token and nothing else.

    A patient with no modality at all stays the constant that the head makes of nobody.

    Args:
        dims: width of a token, by modality.
        hidden: width of the network.
        hide: probability, in (0, 1].
        weight: factor of the penalty.

    Source: Tran et al. 2017 (cascaded residual autoencoder) and Ma et al. 2021 (SMIL) predict an
    absent modality from those present; this is the plainest form, on mean tokens.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> fill = Reconstruction(dims={"mri": 2, "rna": 1}, hidden=8, hide=0.5, weight=1.0)
        >>> mask = torch.ones(4, 1, dtype=torch.bool)
        >>> there = {m: Tokens(torch.ones(4, 1, dim), mask) for m, dim in fill.dims.items()}
        >>> sorted(fill(there)[1]), sorted(fill.eval()(there)[1])
        (['reconstruction'], [])
    """

    def __init__(self, *, dims: Mapping[str, int], hidden: int, hide: float, weight: float) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.dims = dict(dims)
        self.hide = hide
        self.weight = weight
        width = sum(dims.values())
        self.network = nn.Sequential(
            nn.Linear(width + len(self.names), hidden), nn.GELU(), nn.Linear(hidden, width)
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Filled:
        """Fill; in training with the penalty."""
        here = summarise(tokens, self.names)
        with torch.no_grad():
            guesses = self._predict(here)
        filled = {
            m: stand_in(tokens[m], guesses[:, place], here.anything)
            for m, place in columns(self.dims).items()
        }
        if not self.training:
            return filled, {}
        left = summarise(drop_modalities(tokens, self.hide), self.names)
        return filled, {"reconstruction": self.weight * self._error(here, left)}

    def _predict(self, seen: Summary) -> Float[Tensor, "batch width"]:
        """Mean tokens of all modalities, end to end."""
        known = torch.cat([seen.means.detach(), seen.present.to(seen.means.dtype)], dim=1)
        predicted: Tensor = self.network(known)
        return predicted.to(seen.means.dtype)

    def _error(self, whole: Summary, left: Summary) -> Float[Tensor, ""]:
        """Mean squared error over what was hidden, each modality of each patient alike."""
        squared = (self._predict(left) - whole.means.detach()).square()
        errors = [squared[:, place].mean(dim=1) for place in columns(self.dims).values()]
        hidden = whole.present & ~left.present
        return (torch.stack(errors, dim=1) * hidden).sum() / hidden.sum().clamp(min=1)
