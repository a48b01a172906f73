"""What a slide says of itself."""

import numpy as np
import pytest
from PIL import Image

from fusion.data.readers.slide_origin import SlideOrigin, slide_origin
from fusion.errors import ReadError
from fusion.testing.demo.pyramid import write_pyramid


def test_a_pyramid_and_a_picture(tmp_path):
    picture = np.full((512, 512, 3), 200, np.uint8)
    write_pyramid(tmp_path / "a.tif", picture, mpp=0.5)
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert slide_origin(tmp_path / "a.tif") == SlideOrigin("generic-tiff", None)
    assert slide_origin(tmp_path / "a.png") == SlideOrigin("picture", None)


def test_a_torn_pyramid_is_refused(tmp_path, monkeypatch):
    import openslide

    def broken(path):
        raise openslide.OpenSlideError("no directory")

    write_pyramid(tmp_path / "a.tif", np.full((512, 512, 3), 200, np.uint8), mpp=0.5)
    monkeypatch.setattr(
        openslide,
        "OpenSlide",
        type(
            "Torn",
            (),
            {
                "detect_format": staticmethod(lambda path: "generic-tiff"),
                "__new__": lambda c, p: broken(p),
            },
        ),
    )
    with pytest.raises(ReadError, match=r"patient p.*the header cannot be read \(no directory\)"):
        slide_origin(tmp_path / "a.tif", "p")
