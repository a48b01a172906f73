"""What training adds to the loss, with any head: several may be on, each is null where not."""

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from fusion.config.strict import Strict


class OrthogonalConfig(Strict):
    """Modalities' tokens in different directions (MMO, Braman 2021)."""

    factor: NonNegativeFloat
    dim: PositiveInt
    """Common width; an encoder whose tokens have it is compared without a projection."""


class ContrastiveConfig(Strict):
    """A patient's modalities find each other in the batch (CLIP, TANGLE)."""

    factor: NonNegativeFloat
    dim: PositiveInt
    """Common width of the learned projections."""
    temperature: PositiveFloat
    """At the start; it is learned."""


class BottleneckKlConfig(Strict):
    """A variational information bottleneck between encoders and head (Alemi 2017)."""

    factor: NonNegativeFloat


class BlendingConfig(Strict):
    """Losses of each modality alone, weighted by how little they overfit (Wang 2020)."""

    every: PositiveInt
    """Epochs between two estimates of the weights."""
    least: float = Field(ge=0, lt=0.5)
    """Weight that no loss falls below."""


class PenaltiesConfig(Strict):
    """Which are on."""

    orthogonal: OrthogonalConfig | None
    contrastive: ContrastiveConfig | None
    bottleneck_kl: BottleneckKlConfig | None
    blending: BlendingConfig | None
