"""The image side of a text-image model: features are the shared space's, from local files."""

import json

import numpy as np
import pytest
import torch

from fusion.data.prepare.patch_encoders.choose import patch_encoder
from fusion.errors import ConfigError

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.slow  # importing the library takes seconds

MEAN, SD = [0.48, 0.46, 0.41], [0.27, 0.26, 0.28]


@pytest.fixture
def saved(tmp_path):
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    small["num_attention_heads"] = 2
    config = transformers.CLIPConfig(
        vision_config={**small, "image_size": 56, "patch_size": 14, "projection_dim": 24},
        text_config={**small, "vocab_size": 50},
        projection_dim=24,
    )
    model = transformers.CLIPModel(config).eval()
    model.save_pretrained(tmp_path)
    settings = {
        "image_mean": MEAN,
        "image_std": SD,
        "size": {"shortest_edge": 56},
        "do_center_crop": True,
        "crop_size": {"height": 56, "width": 56},
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    return model


def clip(folder, **values):
    given = {"tile_px": 56, "mpp": 0.5, "device": "cpu", **values}
    return patch_encoder("clip", folder=str(folder), **given)


def test_features_are_the_projected_image_of_the_whole_model(saved, tmp_path):
    tiles = np.random.default_rng(0).integers(0, 256, (3, 56, 56, 3), dtype=np.uint8)
    pixels = (torch.tensor(tiles).permute(0, 3, 1, 2) / 255 - torch.tensor(MEAN).view(3, 1, 1)) / (
        torch.tensor(SD).view(3, 1, 1)
    )
    with torch.inference_mode():
        expected = saved.visual_projection(saved.vision_model(pixel_values=pixels).pooler_output)
    encoder = clip(tmp_path)
    assert encoder.dim == 24
    np.testing.assert_allclose(encoder(tiles), expected.numpy(), atol=1e-5)


def test_other_models_and_other_tiles_are_refused(saved, tmp_path):
    with pytest.raises(ConfigError, match="takes tiles of 56 px, found tile_px=224"):
        clip(tmp_path, tile_px=224)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "dinov2"}))
    with pytest.raises(ConfigError, match="a model of type 'dinov2', expected `clip`"):
        clip(tmp_path)
