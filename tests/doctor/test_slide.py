"""What a slide tells, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from fusion.testing.demo.pyramid import write_pyramid


def test_a_pyramid_tells_its_size_levels_and_maker(mini):
    picture = np.full((1024, 1024, 3), 244, np.uint8)
    picture[256:768, 256:768] = [200, 110, 170]
    write_pyramid(mini.root / "wsi/P1.tif", picture, mpp=2.0)
    row = mini.rows[mini.line("wsi/P1.png") - 2]
    row["path"], row["mpp"] = "wsi/P1.tif", None
    table = mini.check().tables["slide_files"].set_index("patient_id")
    found = table.loc["P1"]
    assert found[["mpp", "vendor", "levels"]].tolist() == [2.0, "generic-tiff", 3]
    assert found[["width_px", "height_px"]].tolist() == [1024, 1024]
    assert np.isnan(found["magnification"])
    # a quarter of the area is stained; the mask's pixels are 4 px wide, so its edge is sharp
    assert found["tissue_share"] == pytest.approx(0.25, abs=0.01)
    assert table.loc["P2", "vendor"] == "picture"


def test_a_slide_of_background_and_a_torn_one_are_faults(mini):
    Image.new("RGB", (320, 320), (244, 244, 244)).save(mini.root / "wsi/P1.png")
    torn = mini.root / "wsi/P2.png"
    torn.write_bytes(torn.read_bytes()[:2000])
    found = {f.patient: f.message for f in mini.check().faults}
    assert sorted(found) == ["P1", "P2"]
    assert found["P1"].startswith("no tissue found")
    assert "damaged or cut off" in found["P2"]


def test_next_to_no_tissue_is_a_warning(mini):
    pixels = np.full((1600, 1600, 3), 244, np.uint8)
    pixels[100:200, 100:200] = [200, 110, 170]
    Image.fromarray(pixels).save(mini.root / "wsi/P4.png")
    (warning,) = mini.check().warnings
    assert (warning.kind, warning.patient) == ("tissue", "P4")
    assert "% of it is tissue; look at it" in warning.message
