"""A bundle that was touched is refused, and the message names the file."""

import pytest

from fusion.errors import BundleError
from fusion.run.bundle_files import SUMS, read_json, seal, verify, write_json


@pytest.fixture
def sealed(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    write_json(folder / "config.json", {"b": 1, "a": [1.5, None]})
    (folder / "weights.safetensors").write_bytes(bytes(64))
    seal(folder)
    return folder


def test_what_was_sealed_is_whole(sealed):
    verify(sealed)
    assert read_json(sealed / "config.json") == {"b": 1, "a": [1.5, None]}
    assert (sealed / SUMS).read_text().splitlines()[1].endswith("  weights.safetensors")


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors"])
def test_a_changed_byte_is_refused(sealed, name):
    content = bytearray((sealed / name).read_bytes())
    content[-1] ^= 1
    (sealed / name).write_bytes(content)
    with pytest.raises(BundleError, match=rf"{name} was changed after export \(its SHA-256"):
        verify(sealed)


def test_a_missing_file_is_refused(sealed):
    (sealed / "config.json").unlink()
    with pytest.raises(BundleError, match=r"config\.json is missing; copy the bundle again"):
        verify(sealed)


@pytest.mark.parametrize("name", ["model.pkl", "folder"])
def test_an_added_file_or_folder_is_refused(sealed, name):
    (sealed / name).mkdir() if name == "folder" else (sealed / name).write_bytes(b"")
    with pytest.raises(BundleError, match=f"{name} does not belong to the bundle; take it out"):
        verify(sealed)


def test_sums_that_name_a_file_elsewhere_are_refused(sealed):
    with (sealed / SUMS).open("a") as file:
        file.write(f"{'0' * 64}  ../../etc/passwd\n")
    with pytest.raises(BundleError, match=r"\.\./\.\./etc/passwd is missing"):
        verify(sealed)


def test_a_folder_without_sums_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="is not a bundle: it has no SHA256SUMS"):
        verify(tmp_path)


def test_json_is_an_object_without_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(BundleError, match="expected a JSON object, found list"):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BundleError, match="is not JSON"):
        read_json(tmp_path / "x.json")
