"""A network that outlines a tumour, and whose tokens tell what it saw under the outline."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.encoders.lesion_shape import lesion_shape, shape_width
from fusion.encoders.map_networks import MapNetwork, Maps
from fusion.encoders.volume import fill_channels
from fusion.errors import ConfigError
from fusion.losses.regions import deep_region_loss
from fusion.types import Tokens, Volumes


class TumourEncoder(Encoder[Volumes]):
    """Three tokens: the whole image, what lies under its own predicted mask, and lesion shape.

    Where a patient's regions are outlined, the tokens carry the loss of the outline, in training
    and in evaluation (`segmentation` among their penalties); outlines never reach the tokens. No
    gradient passes from the tokens into the mask that they are pooled under.

    Args:
        network: Goes down and up again.
        channels: Of the volumes.
        regions: Bits of the outlines, the whole tumour first.
        dim: Width of a token.
        supervised: Maps on the way up that are held against the outlines, the finest and so on.
        drop_tokens: Probability that training hides the first token, and the second, of a
            patient. They are many numbers, which tell a hundred patients apart by heart; then
            the few of the third would never be looked at.

    Raises:
        ConfigError: where there are fewer maps than are to be supervised, or no region.

    Sources: multi-task heads as in Cheng et al. 2022 (MTTU-Net: means and maxima of the last two
    stages); pooling under the mask and lesion shape are our own choice.

    Example:
        >>> from fusion.encoders.map_networks import map_network
        >>> network = map_network("segresnet", channels=2, width=8, layers=(1, 1, 1))
        >>> encoder = TumourEncoder(network=network, channels=2, regions=1, dim=5, supervised=2)
        >>> volumes = Volumes(torch.zeros(3, 2, 8, 8, 8), torch.ones(3, 2, dtype=torch.bool))
        >>> encoder(volumes).features.shape, encoder.region_logits(volumes).shape
        (torch.Size([3, 3, 5]), torch.Size([3, 1, 8, 8, 8]))
    """

    losses = ("segmentation",)
    temperature: Float[Tensor, " regions"]
    """Divides the logits where probabilities are wanted; 1 until `fit_temperature`."""

    def __init__(
        self,
        *,
        network: MapNetwork,
        channels: int,
        regions: int,
        dim: int,
        supervised: int,
        drop_tokens: float = 0.0,
    ) -> None:
        super().__init__()
        if regions < 1 or not 1 <= supervised <= len(network.up):
            raise ConfigError(
                f"{regions} regions and {supervised} supervised maps: give one region or more, and "
                f"1 to {len(network.up)} maps"
            )
        self.dim = dim
        self.drop_tokens = drop_tokens
        self.regions = regions
        self.network = network
        self.absent = nn.Parameter(torch.zeros(channels))
        self.register_buffer("temperature", torch.ones(regions))
        self.outline = nn.ModuleList(
            nn.Conv3d(features, regions, kernel_size=1) for features in network.up[:supervised]
        )
        widths = 2 * sum(network.down[-2:]), regions * (network.up[0] + network.down[-1])
        self.project = nn.ModuleList(
            [
                *(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, dim)) for width in widths),
                nn.Sequential(nn.Linear(shape_width(regions), dim), nn.GELU(), nn.Linear(dim, dim)),
            ]
        )
        self.level = nn.LayerNorm(dim)  # none speaks louder than the others

    def forward(self, x: Volumes) -> Tokens:
        """Encode every volume by itself."""
        maps = self.maps(x)
        logits = [head(found) for head, found in zip(self.outline, maps.up, strict=False)]
        share = torch.sigmoid(logits[0].detach())
        parts = (
            pooled(maps.down[-2:]),
            torch.cat([under(share, maps.up[0]), under(share, maps.down[-1])], dim=1),
            lesion_shape(share > 0.5).to(share.dtype),
        )
        features = self.level(
            torch.stack(
                [project(part) for project, part in zip(self.project, parts, strict=True)], dim=1
            )
        )
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
        if self.training:
            mask[:, :2] = torch.rand_like(features[:, :2, 0]) >= self.drop_tokens
        return Tokens(features, mask, self._penalties(x, logits))

    def region_logits(self, x: Volumes) -> Float[Tensor, "batch regions x y z"]:
        """Of the finest map alone: above 0 is inside."""
        found: Tensor = self.outline[0](self.maps(x).up[0])
        return found

    def maps(self, x: Volumes) -> Maps:
        """What the network sees, with learned constants in place of absent channels."""
        image = fill_channels(x, self.absent).contiguous(memory_format=torch.channels_last_3d)
        maps: Maps = self.network(image)
        return maps

    def _penalties(self, x: Volumes, logits: list[Tensor]) -> dict[str, Tensor]:
        if x.regions is None or x.known is None or not bool(x.known.any()):
            return {}
        truth = bits(x.regions, self.regions).to(logits[0].dtype)
        return {"segmentation": deep_region_loss(logits, truth, x.known)}


def bits(regions: Tensor, count: int) -> Bool[Tensor, "batch regions x y z"]:
    """A byte per voxel -> a map for each region.

    Example:
        >>> bits(torch.tensor([[[[0, 3]]]], dtype=torch.uint8), 2)[0, :, 0, 0].tolist()
        [[False, True], [False, True]]
    """
    return torch.stack([(regions >> bit) & 1 for bit in range(count)], dim=1).bool()


def pooled(maps: list[Tensor]) -> Float[Tensor, "batch features"]:
    """Mean and maximum of each map."""
    flat = [found.flatten(2) for found in maps]
    return torch.cat([part for f in flat for part in (f.mean(dim=2), f.amax(dim=2))], dim=1)


def under(
    share: Float[Tensor, "batch regions x y z"], features: Float[Tensor, "batch features u v w"]
) -> Float[Tensor, "batch regions_x_features"]:
    """Mean of the features, weighted by how sure the network is that a voxel lies in a region.

    Example:
        >>> share = torch.tensor([1.0, 0.0]).reshape(1, 1, 2, 1, 1)
        >>> under(share, torch.tensor([3.0, 5.0]).reshape(1, 1, 2, 1, 1)).item()
        3.0
    """
    u, v, w = features.shape[2:]
    coarse = nn.functional.adaptive_avg_pool3d(share, (u, v, w))
    weights = coarse.flatten(2)
    weights = weights / weights.sum(dim=2, keepdim=True).clamp(min=1e-6)
    return torch.einsum("brv,bfv->brf", weights, features.flatten(2)).flatten(1)
