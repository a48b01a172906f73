"""Cards of published models, and what is built from one."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fusion.data.prepare.patch_encoders.cards import CARDS, Card, card_of
from fusion.data.prepare.patch_encoders.choose import patch_encoder
from fusion.data.prepare.patch_encoders.timm_model import TimmModel
from fusion.errors import ConfigError

SMALL = Card(
    name="small",
    page="https://example.org/small",
    licence="none",
    citation="nobody 2025",
    architecture="vit_tiny_patch16_224",
    arguments={"img_size": 32, "reg_tokens": 2, "embed_dim": 48, "depth": 2, "num_heads": 2},
    pooling="token_and_mean",
    prefix=3,
    tile_px=32,
    dim=96,
)


@pytest.fixture
def timm():
    try:
        return pytest.importorskip("timm")
    except RuntimeError as error:  # a torchvision that was built for another torch
        pytest.skip(f"timm cannot be imported here: {error}")


@pytest.fixture
def saved(timm, tmp_path):
    torch.manual_seed(0)
    given = {**SMALL.arguments, "global_pool": "token"}
    model = timm.create_model(SMALL.architecture, num_classes=0, **given).eval()
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    return model


def build(folder, **values):
    return TimmModel(**{"card": SMALL, "folder": folder, "tile_px": 32, "mpp": 0.5, **values})


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_a_card_says_all_that_a_user_must_know(card):
    assert card.page.startswith("https://")
    assert card.licence
    assert any(str(year) in card.citation for year in range(2020, 2027))
    mean, sd = card.normalisation
    assert all(0.3 < m < 0.8 for m in mean)
    assert all(0.1 < s < 0.3 for s in sd)
    assert card.prefix == 1 + int(card.arguments.get("reg_tokens", card.prefix - 1))


@pytest.mark.slow
@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_every_card_can_be_built_and_is_as_wide_as_it_says(timm, card):
    """Without memory for a billion weights: on the device that has shapes only."""
    from timm.layers import SwiGLUPacked

    known = {"SwiGLUPacked": SwiGLUPacked, "SiLU": torch.nn.SiLU}
    given = {k: known.get(str(v), v) for k, v in card.arguments.items()}
    with torch.device("meta"):
        model = timm.create_model(card.architecture, num_classes=0, **given)
    assert model.num_features * (2 if card.pooling == "token_and_mean" else 1) == card.dim
    assert model.num_prefix_tokens == card.prefix
    assert model.patch_embed.img_size == (card.tile_px, card.tile_px)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_features_are_the_class_token_and_the_mean_of_patches(saved, tmp_path, name):
    (tmp_path / "model.safetensors").unlink()
    if name.endswith("bin"):
        torch.save(saved.state_dict(), tmp_path / name)
    else:
        save_file(saved.state_dict(), tmp_path / name)
    tiles = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    mean, sd = (torch.tensor(v).view(3, 1, 1) for v in SMALL.normalisation)
    with torch.inference_mode():
        tokens = saved.forward_features((torch.tensor(tiles).permute(0, 3, 1, 2) / 255 - mean) / sd)
    assert tokens.shape[1] == 3 + 4  # class token, two registers, four patches
    expected = torch.cat([tokens[:, 0], tokens[:, 3:].mean(dim=1)], dim=1).numpy()
    np.testing.assert_allclose(build(tmp_path)(tiles), expected, atol=1e-5)


def test_weights_of_another_model_are_refused(saved, tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ConfigError, match=r"not the weights of small: .* from https://example"):
        build(tmp_path)(np.zeros((1, 32, 32, 3), dtype=np.uint8))


def test_a_file_that_would_run_code_is_not_run(timm, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ConfigError, match="cannot be read as tensors"):
        build(tmp_path)(np.zeros((1, 32, 32, 3), dtype=np.uint8))
    assert not (tmp_path / "owned").exists()


def test_without_weights_it_says_where_they_are_and_under_which_licence(tmp_path):
    with pytest.raises(ConfigError, match=r"virchow2 are yours to fetch from https://.*NC-ND 4\.0"):
        patch_encoder(
            "timm", card="virchow2", folder=str(tmp_path), tile_px=224, mpp=0.5, device="cpu"
        )
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ConfigError, match=r"uni takes tiles of 224 px at 0.5"):
        build(tmp_path, card="uni", tile_px=256)
    with pytest.raises(ConfigError, match="no card 'uni9', expected one of uni, uni2"):
        card_of("uni9")
