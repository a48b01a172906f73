import pytest

from fusion.data.readers.mpp import agreed_mpp


@pytest.mark.parametrize(
    ("stated", "power", "given", "mpp"),
    [
        ((0.25, 0.25), 40.0, None, 0.25),
        ((0.499, 0.499), 20.0, None, 0.499),
        ((0.25, 0.25), 20.0, None, 0.25),  # 20x optics with a doubler: just within two
        ((0.5, 0.504), None, None, 0.502),
        ((0.5, 0.5), None, 0.505, 0.5),  # the manifest confirms; the file is more exact
        (None, 20.0, 0.5, 0.5),
        (None, None, 0.5, 0.5),
        ((352.8, 352.8), None, 0.5, 0.5),  # 72 dpi is what programs write for "unknown"
        ((1.0, 1.0), 40.0, 1.0, 1.0),  # two say 1.0, and one says 40x
    ],
)
def test_what_agrees_is_accepted(stated, power, given, mpp):
    assert agreed_mpp(stated, power, given) == pytest.approx(mpp, abs=1e-12)


@pytest.mark.parametrize(
    ("stated", "power", "given", "message"),
    [
        (None, None, None, "states no microns per pixel.*manifest's `mpp` column"),
        (None, 40.0, None, "states no microns per pixel"),  # a magnification is no measure
        ((0.5, 0.51), None, None, "not square: 0.5 by 0.51 microns, expected the same within 1 %"),
        ((352.8, 352.8), None, None, "file states 352.8 .*expected 0.05 to 20; give the true one"),
        ((0.0, 0.0), None, None, "file states 0 microns"),
        ((-0.5, -0.5), None, None, "file states -0.5 microns"),
        ((float("nan"), 0.5), None, None, "file states nan microns"),
        (None, None, 0.0, "manifest gives 0 microns.*correct its `mpp` column"),
        (None, None, float("inf"), "manifest gives inf microns"),
        ((0.25, 0.25), None, 0.5, "manifest gives 0.5 .*file states 0.25; expected the same"),
        (
            (1.0, 1.0),
            40.0,
            None,
            "1 microns .* contradict the 40x .*expected about 0.25.*factor of two",
        ),
        ((0.1, 0.1), 20.0, None, "0.1 microns .* contradict the 20x"),
        (None, 40.0, 1.0, "1 microns .* contradict the 40x"),
        ((0.5, 0.5), 0.0, None, "magnification of 0x, expected above zero"),
    ],
)
def test_what_is_absent_impossible_or_contradicted_is_refused(stated, power, given, message):
    with pytest.raises(ValueError, match=message):
        agreed_mpp(stated, power, given)
