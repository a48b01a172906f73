"""A bag of tiles -> one token, by self-attention among tiles."""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.content_order import content_order
from fusion.encoders.base import Encoder, one_token
from fusion.encoders.nystrom import nystrom
from fusion.encoders.self_attention import SelfAttention, exact
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.errors import ConfigError
from fusion.types import Bags, Tokens


class TransmilEncoder(Encoder[Bags]):
    """Correlated MIL: tiles look at each other, then a class token looks at all.

    A bag of up to `exact_up_to` tiles gets exact attention, a larger one the Nyström
    approximation; the rule looks at the bag alone, so that a patient gives in a batch what it
    gives alone. The last layer is always exact: only the class token asks there.

    The published model puts tiles on a square in the order of the file and adds convolutions over
    it (its position encoding). `Bags` say nothing of places, and such a square is none: this is
    left out, and the order of tiles never matters. Landmarks are means over tiles that are alike
    (`content_order`) where the paper's are means over neighbours in the file.

    Args:
        features: width of a tile's features.
        dim: width of the token; a multiple of `heads`.
        layers: at least 1; the paper has 2.
        heads: of attention.
        landmarks: of the approximation.
        exact_up_to: tiles of a bag; on a CPU exact attention is faster up to about 3,000.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where there is no layer, or the heads do not divide `dim`.

    Sources: Shao 2021 (TransMIL), Xiong 2021 (Nyströmformer).

    Example:
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 2, 5]))
        >>> TransmilEncoder(features=3, dim=8, heads=2)(bags).features.shape
        torch.Size([2, 1, 8])
    """

    def __init__(
        self,
        *,
        features: int,
        dim: int = 256,
        layers: int = 2,
        heads: int = 8,
        landmarks: int = 128,
        exact_up_to: int = 3000,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ConfigError(f"encoder transmil: layers is {layers}, expected at least 1")
        self.dim = dim
        self.exact_up_to = exact_up_to
        self.approximate = partial(nystrom, landmarks=landmarks)
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)
        self.class_token = nn.Parameter(torch.randn(1, dim) * 0.02)
        self.blocks = nn.ModuleList(
            SelfAttention(dim=dim, heads=heads, dropout=dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Bags) -> Tokens:
        """One token per patient, bag by bag: no tile is padded."""
        lengths = x.lengths.tolist()
        pairs = zip(self.embed(x.features).split(lengths), x.features.split(lengths), strict=True)
        features = torch.cat([self._bag(hidden, raw) for hidden, raw in pairs])
        return one_token(self.norm(features))

    def _bag(
        self, hidden: Float[Tensor, "tiles dim"], raw: Float[Tensor, "tiles features"]
    ) -> Float[Tensor, "1 dim"]:
        large = len(hidden) > self.exact_up_to
        tiles = hidden[content_order(raw)] if large else hidden
        x = torch.cat([self.class_token.to(tiles.dtype), tiles]).unsqueeze(0)
        for block in self.blocks[:-1]:
            x = block(x, asking=x.shape[1], attend=self.approximate if large else exact)
        answer: Tensor = self.blocks[-1](x, asking=1)
        return answer[0]
