import pytest

from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.patch_encoders.choose import patch_encoder
from fusion.errors import ConfigError


def test_the_default_needs_nothing():
    encoder = patch_encoder("texture", tile_px=128, mpp=0.5)
    assert isinstance(encoder, PatchEncoder)
    assert (encoder.name, encoder.tile_px, encoder.mpp) == ("texture", 128, 0.5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "textur",
            "'textur', expected one of texture, own, .*; did you mean 'texture'",
        ),
        (
            "resnet",
            "no patch encoder 'resnet', expected one of texture, own, .*, timm$",
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, message):
    with pytest.raises(ConfigError, match=message):
        patch_encoder(name, tile_px=128, mpp=0.5)
