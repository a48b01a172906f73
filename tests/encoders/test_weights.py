"""A file's tensors go where their name and shape belong, all of them, or the file is refused."""

import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
from monai.networks.nets import DenseNet, SegResNet, SegResNetDS
from safetensors.torch import save_file
from torch import nn

from fusion.encoders.backbones import volume_backbone
from fusion.encoders.lora import add_lora
from fusion.encoders.volume import VolumeEncoder
from fusion.encoders.weights import compare, take
from fusion.encoders.weights_file import find_weights, read_weights
from fusion.encoders.weights_names import network_weights
from fusion.encoders.weights_refuse import refuse_misfit
from fusion.errors import ConfigError
from tests.encoders.weights_examples import tumour, volume


def loaded(encoder, place, network, *, prefix=None, least_share=1.0):
    found = compare(encoder, place, network=network, prefix=prefix)
    refuse_misfit(found, least_share=least_share)
    take(encoder, found)
    return found


def saved(content, path):
    torch.save(content, path)
    return path


def behind(prefix, state):
    return OrderedDict((prefix + name, value) for name, value in state.items())


def test_the_state_dict_of_monais_segresnet_fits_and_gives_its_maps(tmp_path):
    torch.manual_seed(0)
    theirs = SegResNet(
        in_channels=2,
        init_filters=8,
        blocks_down=(1, 1),
        blocks_up=(1,),
        norm=("group", {"num_groups": 4}),
    )
    encoder = volume("segresnet")
    found = loaded(encoder, saved(theirs.state_dict(), tmp_path / "model.pt"), "segresnet")
    assert found.share == 1
    assert any(name.startswith("up_layers") for name in found.match.unused)
    image = torch.randn(1, 2, 8, 8, 8)
    with torch.no_grad():
        expected, _ = theirs.eval().encode(image)
        torch.testing.assert_close(encoder.backbone(image), expected)


def test_the_state_dict_of_monais_deep_supervision_network_fits_the_encoder_tumour(tmp_path):
    torch.manual_seed(0)
    theirs = SegResNetDS(
        in_channels=2,
        init_filters=8,
        out_channels=3,
        blocks_down=(1, 1),
        norm=("group", {"num_groups": 4}),
    )
    encoder = tumour()
    found = loaded(encoder, saved(theirs.state_dict(), tmp_path / "model.pt"), "segresnet")
    assert found.share == 1
    assert [n for n in found.match.unused if ".head." not in n] == []
    image = torch.randn(1, 2, 8, 8, 8)
    with torch.no_grad():
        expected = theirs.encoder.eval()(image)[-1]
        torch.testing.assert_close(encoder.network(image).down[-1], expected)


def test_densenet_fits(tmp_path):
    settings = {"init_features": 16, "growth_rate": 8, "block_config": (1, 1), "bn_size": 2}
    theirs = DenseNet(3, 2, 4, norm=("group", {"num_groups": 1}), **settings)
    found = loaded(volume("densenet"), saved(theirs.state_dict(), tmp_path / "d.pth"), "densenet")
    assert found.share == 1


@pytest.mark.slow
def test_a_swin_transformer_fits_alone_and_as_part_of_swin_unetr(tmp_path):
    pytest.importorskip("einops")
    backbone, features = volume_backbone("swinunetr", channels=2, width=24, layers=(1, 1, 1, 1))
    encoder = VolumeEncoder(backbone=backbone, features=features, channels=2, dim=5)
    state = network_weights(encoder, "swinunetr")
    for prefix in ("", "swinViT."):
        file = saved(behind(prefix, state), tmp_path / "swin.pt")
        found = loaded(encoder, file, "swinunetr")
        assert (found.match.prefix, found.share) == (prefix, 1)


@pytest.mark.parametrize(
    ("wrapped", "prefix"),
    [
        (lambda state: {"state_dict": behind("module.backbone.", state)},
         "state_dict.module.backbone."),
        (lambda state: {"epoch": 3, "model": state, "optimizer": {"state": {0: torch.ones(2)}}},
         "model."),
        (lambda state: behind("backbone.", state) | {"fc.weight": torch.ones(2, 2)}, "backbone."),
    ],
)  # fmt: skip
def test_a_prefix_is_found_where_only_one_fits_and_reported(tmp_path, wrapped, prefix):
    torch.manual_seed(0)
    truth, encoder = volume(), volume()
    file = saved(wrapped(network_weights(truth, "resnet")), tmp_path / "brain.pth")
    found = loaded(encoder, file, "resnet")
    assert found.match.prefix == found.report()["prefix"] == prefix
    assert repr(prefix) in found.sentence()
    for name, value in network_weights(truth, "resnet").items():
        assert torch.equal(network_weights(encoder, "resnet")[name], value)


def test_two_prefixes_that_fit_are_refused_until_one_is_named(tmp_path):
    teacher, student, encoder = volume(), volume(), volume()
    both = {
        **behind("teacher.", network_weights(teacher, "resnet")),
        **behind("student.", network_weights(student, "resnet")),
    }
    file = saved(both, tmp_path / "dino.pth")
    with pytest.raises(ConfigError, match=r"behind 'teacher\.' \(19 names\) and 'student\.' \(19"):
        loaded(encoder, file, "resnet")
    loaded(encoder, file, "resnet", prefix="student.")
    mine, theirs = (network_weights(e, "resnet")["conv1.weight"] for e in (encoder, student))
    assert torch.equal(mine, theirs)


def test_safetensors_and_the_folder_of_a_monai_bundle_are_read(tmp_path):
    state = network_weights(volume(), "resnet")
    save_file({k: v.contiguous() for k, v in state.items()}, tmp_path / "x.safetensors")
    (tmp_path / "bundle/models").mkdir(parents=True)
    saved(state, tmp_path / "bundle/models/model.pt")
    for place in (tmp_path / "x.safetensors", tmp_path / "bundle"):
        assert loaded(volume(), place, "resnet").share == 1
    with pytest.raises(ConfigError, match=r"expected one of model\.safetensors, .* found none"):
        find_weights(tmp_path)
    with pytest.raises(ConfigError, match="no such file or folder"):
        find_weights(tmp_path / "nowhere.pt")


def test_a_checkpoint_of_nnunet_is_refused_and_says_how_many_matched(tmp_path):
    network = {
        "encoder.stem.convs.0.conv.weight": torch.zeros(32, 4, 3, 3, 3),
        "encoder.stages.0.blocks.0.conv1.conv.weight": torch.zeros(32, 32, 3, 3, 3),
        "decoder.encoder.stem.convs.0.conv.weight": torch.zeros(32, 4, 3, 3, 3),
    }
    checkpoint = {
        "network_weights": network,
        "optimizer_state": {"state": {0: {"momentum_buffer": torch.zeros(3)}}},
        "logging": {"mean_fg_dice": [np.float64(0.5)], "ema": [np.float32(0.1)]},
        "init_args": {"fold": 0, "plans": {"batch_size": 2}},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    (tmp_path / "fold_0").mkdir()
    saved(checkpoint, tmp_path / "fold_0/checkpoint_final.pth")
    with pytest.raises(ConfigError, match=r"0 of 21 tensors of the network segresnet .* nnU-Net"):
        loaded(tumour(channels=4), tmp_path / "fold_0", "segresnet")


@pytest.mark.parametrize("channels", [1, 4])
def test_another_number_of_channels_is_refused_whatever_the_share(tmp_path, channels):
    file = saved(network_weights(volume(channels=channels), "resnet"), tmp_path / "model.pt")
    reads = f"conv1.weight reads {channels} channels?, and this modality has 2"
    with pytest.raises(ConfigError, match=reads):
        loaded(volume(), file, "resnet", least_share=0.1)


def test_less_than_all_is_refused_until_the_share_is_accepted_and_all_is_told(tmp_path):
    torch.manual_seed(0)
    state = dict(network_weights(volume(), "resnet"))
    del state["layer2.0.conv1.weight"]
    state["layer1.0.conv1.weight"] = torch.zeros(16, 8, 3, 3, 3)
    state["fc.bias"] = torch.zeros(7)
    file, encoder = saved(state, tmp_path / "model.pt"), volume(layers=(1, 1))
    before = {k: v.clone() for k, v in network_weights(encoder, "resnet").items()}
    n = len(before)
    refused = rf"{n - 2} of {n} tensors .* expected all\. 1 are not in the file .*least_share=0\."
    with pytest.raises(ConfigError, match=refused):
        loaded(encoder, file, "resnet")
    assert all(torch.equal(v, before[k]) for k, v in network_weights(encoder, "resnet").items())
    report = loaded(encoder, file, "resnet", least_share=0.75).report()
    stays = report["stays_random"]
    assert [row["name"] for row in stays["not_in_file"]] == ["layer2.0.conv1.weight"]
    assert stays["another_shape"][0]["shape_in_file"] == [16, 8, 3, 3, 3]
    assert {row["name"]: row["shape"] for row in report["not_used"]}["fc.bias"] == [7]
    told = len(report["matched"]) + sum(len(rows) for rows in stays.values())
    assert told == report["tensors"] == n
    for name, value in network_weights(encoder, "resnet").items():
        random = name in ("layer2.0.conv1.weight", "layer1.0.conv1.weight")
        assert torch.equal(value, before[name] if random else state[name])


def test_scale_and_shift_of_a_batch_norm_are_no_match_for_a_group_norm(tmp_path):
    state = dict(network_weights(volume(), "resnet"))
    norms = {k.rpartition(".")[0] for k in state if "bn" in k or "downsample.1" in k}
    state |= {f"{norm}.running_mean": torch.zeros(8) for norm in norms}
    file = saved(state, tmp_path / "medical.pth")
    with pytest.raises(ConfigError, match="belong to a batch norm in the file and to a group norm"):
        loaded(volume(), file, "resnet")


class Runs:
    """What a foreign checkpoint may do on loading."""

    def __reduce__(self):
        return exec, ("import sys; sys.ran = True",)


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path):
    file = saved({"state_dict": {}, "more": Runs()}, tmp_path / "evil.pt")
    with pytest.raises(ConfigError, match="cannot be read as tensors alone"):
        read_weights(file)
    assert not hasattr(sys, "ran")
    with pytest.raises(ConfigError, match="cannot be read as tensors alone"):
        read_weights(saved(nn.Linear(2, 2), tmp_path / "whole.pt"))


def test_files_without_tensors_or_with_broken_ones_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no tensor in it"):
        read_weights(saved({"epoch": 3}, tmp_path / "none.pt"))
    with pytest.raises(ConfigError, match="not finite"):
        read_weights(saved({"a": torch.tensor([torch.nan])}, tmp_path / "nan.pt"))
    (tmp_path / "text.pt").write_text("weights")
    with pytest.raises(ConfigError, match="cannot be read as tensors alone"):
        read_weights(tmp_path / "text.pt")


def test_lora_stands_on_the_weights_of_the_file(tmp_path):
    truth, encoder = volume(), volume()
    add_lora(encoder, rank=1, alpha=1.0)
    loaded(encoder, saved(network_weights(truth, "resnet"), tmp_path / "model.pt"), "resnet")
    image = torch.randn(1, 2, 16, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(encoder.backbone(image), truth.backbone(image))
