"""Gradient blending: a modality that overfits gets less of the loss."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens

FUSED = "fused"
"""What the head's own loss is called beside those of the modalities."""

STEADIEST = 0.1
"""Smallest overfitting that counts, as a share of the largest: chance can bring one near 0."""


class Blending(nn.Module):
    """A linear predictor on the mean token of each modality, and the weights of all losses.

    The loss of a run becomes `w_fused L_fused + sum_m w_m L_m`, over the patients who have m.
    The weights begin equal, sum to one, and are set anew every `every` epochs (`blend`) from
    the losses on training and on validation patients, in evaluation mode. The predictors and the
    weights are kept in checkpoints and stay out of the bundle.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        every: epochs between two estimates.
        least: weight that no loss falls below: a predictor without weight would never improve.
        seed: of the predictors' first weights; torch's own generator is left as it was.

    Raises:
        ConfigError: where `least` leaves nothing to divide, or a modality is called `fused`.

    Source: Wang, Tran and Feiszli 2020 (gradient blending). The paper trains a copy of each
    modality's network apart for every estimate; here the predictors learn along, as the weights
    say.
    """

    def __init__(
        self, *, dims: Mapping[str, int], out_features: int, every: int, least: float, seed: int
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.members = (*self.names, FUSED)
        if FUSED in dims or least * len(self.members) >= 1:
            raise ConfigError(
                f"blending of {', '.join(self.members)} with least={least}: expected least below "
                f"1/{len(self.members)}, and no modality called {FUSED}"
            )
        self.every = every
        self.least = least
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.predictors = nn.ModuleDict(
                {name: nn.Linear(dims[name], out_features) for name in self.names}
            )
        count = len(self.members)
        self.register_buffer("weights", torch.full((count,), 1.0 / count))
        self.register_buffer("losses", torch.zeros(2, count, dtype=torch.float64))
        self.register_buffer("epoch", torch.tensor(-1))
        self.weights: Tensor
        self.losses: Tensor
        """Training and validation losses of the last estimate, in the order of `members`."""
        self.epoch: Tensor
        """At whose beginning they were taken; -1 before any."""

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Float[Tensor, "batch out"]]:
        """What each modality alone predicts; of no meaning for who lacks it."""
        named = zip(self.names, in_order(tokens, self.names), strict=True)
        return {name: self.predictors[name](found.mean()) for name, found in named}

    def weigh(self, losses: Mapping[str, Tensor]) -> Float[Tensor, ""]:
        """Sum of the losses of all members, by the present weights."""
        return (torch.stack([losses[name] for name in self.members]) * self.weights).sum()

    def share(self) -> dict[str, Float[Tensor, ""]]:
        """The present weights by name."""
        return dict(zip(self.members, self.weights, strict=True))

    def due(self, epoch: int) -> bool:
        """Whether this epoch begins with an estimate that is not taken yet."""
        return epoch % self.every == 0 and int(self.epoch) != epoch

    def update(self, losses: Float[Tensor, "2 members"], epoch: int) -> None:
        """Take the losses of training and validation patients, in the order of `members`."""
        now = losses.to(self.losses)
        if int(self.epoch) >= 0:
            blended = blend(self.losses, now, least=self.least)
            if blended is not None:
                self.weights.copy_(blended)
        self.losses.copy_(now)
        self.epoch.fill_(epoch)


def blend(
    before: Float[Tensor, "2 members"], now: Float[Tensor, "2 members"], *, least: float
) -> Float[Tensor, " members"] | None:
    """`w_k ~ G_k / O_k^2`: generalisation over the square of overfitting, between two estimates.

    `G_k` is by how much the validation loss of k fell, 0 if it rose; `O_k` by how much the gap
    of validation over training loss grew or shrank, at least a tenth of the largest. The weights
    are then raised to `least`, and sum to one. None where no validation loss fell.

    Args:
        before: losses on training patients, and below them on validation patients.
        now: the same, some epochs later.
        least: weight that none falls below.

    Example:
        >>> before = torch.tensor([[1.0, 1.0], [1.0, 1.0]])
        >>> now = torch.tensor([[0.6, 0.2], [0.8, 0.8]])  # as good, and three times the gap
        >>> [round(w, 6) for w in blend(before, now, least=0.0).tolist()]
        [0.9, 0.1]
    """
    gain = (before[1] - now[1]).clamp(min=0.0)
    gap = ((now[1] - now[0]) - (before[1] - before[0])).abs()
    gap = gap.clamp(min=STEADIEST * float(gap.max()))
    if not bool(gain.any()):
        return None
    # with no gap anywhere all are as steady
    raw = gain / gap.square() if bool(gap.any()) else gain
    return least + (1.0 - least * len(raw)) * raw / raw.sum()
