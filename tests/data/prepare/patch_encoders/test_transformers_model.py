import json
import os
import pickle
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fusion.data.prepare.patch_encoders.choose import patch_encoder
from fusion.data.prepare.patch_encoders.transformers_model import TransformersModel
from fusion.errors import ConfigError

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.slow  # importing the library takes seconds

MEAN, SD = [0.5, 0.4, 0.6], [0.2, 0.25, 0.3]
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 56}


@pytest.fixture(autouse=True)
def quiet():
    transformers.utils.logging.disable_progress_bar()


def settings(folder, **values):
    content = {"image_mean": MEAN, "image_std": SD, "size": {"height": 56, "width": 56}, **values}
    (folder / "preprocessor_config.json").write_text(json.dumps(content))


def save(folder, kind="Dinov2", seed=0, **values):
    torch.manual_seed(seed)
    config = getattr(transformers, f"{kind}Config")(patch_size=14, **{**SIZES, **values})
    model = getattr(transformers, f"{kind}Model")(config).eval()
    model.save_pretrained(folder)
    settings(folder)
    return model


@pytest.fixture
def tiles():
    return np.random.default_rng(0).integers(0, 256, (3, 56, 56, 3), dtype=np.uint8)


def build(folder, **values):
    return TransformersModel(folder=folder, **{"tile_px": 56, "mpp": 0.5, **values})


@pytest.mark.parametrize("kind", ["Dinov2", "ViT", "Dinov2WithRegisters"])
def test_features_are_the_class_token_of_normalised_pixels(tmp_path, tiles, kind):
    model = save(tmp_path, kind)
    encoder = patch_encoder("transformers", folder=str(tmp_path), tile_px=56, mpp=0.5, device="cpu")
    pixels = (tiles / 255 - np.array(MEAN)) / np.array(SD)
    with torch.inference_mode():
        given = torch.tensor(pixels, dtype=torch.float32).permute(0, 3, 1, 2)
        expected = model(pixel_values=given).last_hidden_state[:, 0].numpy()
    features = encoder(tiles)
    assert features.dtype == np.float32
    assert features.shape == (3, encoder.dim) == (3, 32)
    np.testing.assert_allclose(features, expected, atol=1e-5)
    np.testing.assert_allclose(encoder(tiles[1:2])[0], features[1], atol=1e-5)


def test_it_pickles_without_its_weights(tmp_path, tiles):
    save(tmp_path)
    encoder = build(tmp_path)
    features = encoder(tiles)
    content = pickle.dumps(encoder)
    assert len(content) < 5_000
    np.testing.assert_array_equal(pickle.loads(content)(tiles), features)


def test_its_identity_is_its_content_and_not_its_place(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        save(tmp_path / name, seed=seed)
    a, b, c = (build(tmp_path / name).spec() for name in "abc")
    assert a == b != c
    json.dumps(a)
    settings(tmp_path / "b", image_mean=[0.5, 0.5, 0.5])
    assert build(tmp_path / "b").spec() != a


def test_a_folder_that_is_absent_says_whose_the_weights_are(tmp_path):
    with pytest.raises(
        ConfigError, match=r"no such folder. The weights .* are yours to fetch.*texture"
    ):
        build(tmp_path / "gone")


def test_pickled_weights_are_never_opened(tmp_path):
    model = save(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"no \*\.safetensors; other formats can run code"):
        build(tmp_path)


def test_code_in_the_folder_is_never_run(tmp_path, tiles):
    save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "evil.py").write_text("import os; os.environ['EVIL'] = '1'\nC = M = object\n")
    with pytest.raises(ConfigError, match="transformers cannot load it"):
        build(tmp_path)(tiles)
    assert "EVIL" not in os.environ


def test_absent_weights_are_not_made_up(tmp_path, tiles):
    save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    name = next(key for key in sorted(weights) if "layer.1" in key)
    del weights[name]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        ConfigError, match=r"1 weights are absent, such as .*layer.*would be random"
    ):
        build(tmp_path)(tiles)


def test_torn_weights_are_refused(tmp_path, tiles):
    save(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ConfigError, match="transformers cannot load it"):
        build(tmp_path)(tiles)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, r"config\.json: no such file"),
        ("config.json", "{", r"config\.json: not JSON"),
        ("config.json", "[]", "expected a JSON mapping"),
        ("config.json", "{}", r"config\.json: no hidden_size"),
        ("preprocessor_config.json", None, r"preprocessor_config\.json: no such file"),
        ("preprocessor_config.json", "{}", "no image_mean and image_std of 3 channels"),
    ],
)
def test_a_folder_that_lacks_something_is_refused(tmp_path, name, content, message):
    save(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError, match=message):
        assert build(tmp_path).dim


@pytest.mark.parametrize(
    ("sizes", "tile_px", "message"),
    [
        ({}, 112, "the model takes tiles of 56 px, found tile_px=112"),
        ({"do_center_crop": True, "crop_size": 224}, 56, "the model takes tiles of 224 px"),
        ({"size": {}}, 60, "tile_px=60 is no multiple of 14"),
    ],
)
def test_tiles_that_the_model_does_not_take_are_refused(tmp_path, sizes, tile_px, message):
    save(tmp_path)
    settings(tmp_path, **sizes)
    with pytest.raises(ConfigError, match=message):
        build(tmp_path, tile_px=tile_px)


def test_a_model_without_a_class_token_is_refused(tmp_path, tiles):
    config = transformers.SwinConfig(
        image_size=56, patch_size=14, embed_dim=8, depths=[1], num_heads=[1], window_size=2
    )
    transformers.SwinModel(config).save_pretrained(tmp_path)
    settings(tmp_path)
    with pytest.raises(ConfigError, match="gives no class token"):
        build(tmp_path)(tiles)


def test_without_the_library_the_message_says_what_to_install(tmp_path, tiles, monkeypatch):
    save(tmp_path)
    encoder = build(tmp_path)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match=r"pip install 'fusion-onco\[transformers\]'"):
        encoder(tiles)
