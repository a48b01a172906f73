"""Encoders, then a head."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch
from torch import nn

from fusion.data.sample import Batch
from fusion.encoders.base import Encoder
from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.dropout import drop_modalities
from fusion.heads.missing.fill import FittedFill
from fusion.heads.modalities import sorted_names
from fusion.types import Modality, Tokens


class FusionModel(nn.Module):
    """One encoder per modality, on the patients who have it, and a head that fuses them.

    An encoder does not run in a batch where nobody has its modality, so its parameters then have
    no gradient: several devices need `find_unused_parameters` (Lightning's
    `ddp_find_unused_parameters_true`), since one of them may hold such a batch.

    Args:
        encoders: by modality; order never matters.
        head: built for the same modalities, with each encoder's `dim`.
        modality_dropout: probability that training hides a modality of a patient, in [0, 1].

    Raises:
        ConfigError: where a name or the probability does not fit.
    """

    def __init__(
        self,
        *,
        encoders: Mapping[str, Encoder],
        head: FusionHead,
        modality_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0.0 <= modality_dropout <= 1.0:
            raise ConfigError(f"modality_dropout is {modality_dropout}, expected within [0, 1]")
        self.names = sorted_names(encoders)
        self.encoders = nn.ModuleDict({m: encoders[m] for m in self.names})
        self.head = head
        self.modality_dropout = modality_dropout

    @property
    def dims(self) -> dict[str, int]:
        """Width of a token, by modality."""
        return {m: int(encoder.dim) for m, encoder in self.encoders.items()}  # type: ignore[arg-type]

    @property
    def losses(self) -> tuple[str, ...]:
        """Names of the losses of encoders that are held against something themselves."""
        return tuple(
            f"{m}_{loss}"
            for m, encoder in self.encoders.items()
            for loss in encoder.losses  # type: ignore[union-attr]
        )

    def forward(self, batch: Batch) -> Fused:
        """Encode who has what, and fuse it."""
        return self.fuse(self.encode(batch))

    def fuse(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Hide some of the tokens in training, fuse; penalties are the head's and the encoders'."""
        asked = {f"{m}_{name}": v for m, t in tokens.items() for name, v in t.penalties.items()}
        if self.training:
            tokens = drop_modalities(tokens, self.modality_dropout)
        fused: Fused = self.head(tokens)
        return replace(fused, penalties={**fused.penalties, **asked}) if asked else fused

    @property
    def fitted_fill(self) -> FittedFill | None:
        """What stands for a missing modality, where that is fitted on training patients."""
        return next((part for part in self.head.modules() if isinstance(part, FittedFill)), None)

    def fit_missing(self, train: Iterable[Batch]) -> None:
        """Fit what stands for a missing modality, where it is fitted at all.

        Args:
            train: all training patients, in an order that does not change, and nobody else.

        Raises:
            TrainingError: where there is no patient.
        """
        fill = self.fitted_fill
        if fill is None:
            return
        device, training = next(self.parameters()).device, self.training
        self.eval()
        with torch.no_grad():
            fill.fit(self.encode(batch.to(device)) for batch in train)
        self.train(training)

    def encode(self, batch: Batch) -> dict[str, Tokens]:
        """Tokens of every modality for every patient, masked where a patient lacks it.

        Raises:
            ConfigError: where the batch has a modality without an encoder.
        """
        unknown = sorted(set(batch.inputs) - set(self.names))
        if unknown:
            raise ConfigError(
                f"no encoder for {', '.join(unknown)}, only for {', '.join(self.names)}; "
                "configure one, or leave the modality out of the data"
            )
        return {m: self._tokens(m, batch) for m in self.names}

    def _tokens(self, name: str, batch: Batch) -> Tokens:
        key = Modality(name)
        encoder = self.encoders[name]
        if key in batch.inputs:
            packed: Tokens = encoder(batch.inputs[key])
            return packed.scatter(batch.present[key])
        device = next(self.parameters()).device
        nothing = torch.zeros(len(batch), 1, int(encoder.dim), device=device)  # type: ignore[arg-type]
        return Tokens(nothing, torch.zeros(len(batch), 1, dtype=torch.bool, device=device))
