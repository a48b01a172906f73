"""Each encoder by its YAML, and each way of adapting one: built, trained by a step, exported."""

import pytest
import torch

from fusion.config.compose import CONFIGS, compose
from fusion.config.parts.encoders import build_encoder, build_unfreezing, token_width
from fusion.config.parts.model import build_model
from fusion.data.layout import Layout
from fusion.encoders.base import Fitted
from fusion.errors import ConfigError
from fusion.run.trained import Trained
from fusion.types import Bags, Volumes

VOLUMES = ["densenet", "resnet", "segresnet", "swinunetr", "tumour"]
VECTORS = ["gene_transformer", "pathways", "snn"]
NAMES = sorted({path.stem for path in (CONFIGS / "encoder").glob("*.yaml")} - {"identity"})
ADAPTED = sorted(path.stem for path in (CONFIGS / "adapt").glob("*.yaml"))
LAYOUTS = {
    "mri": Layout(4, regions=("WT", "TC", "ET")),
    "rna": Layout(9, {"repair": (0, 1, 2, 8), "cycle": (2, 3, 4, 5, 6, 7)}),
    "wsi": Layout(6),
}


def modality_of(name):
    return "mri" if name in VOLUMES else "rna" if name in VECTORS else "wsi"


def modalities(name, *more):
    given = ["modalities.rna.encoder.signatures=sets.gmt"] if name == "pathways" else []
    if name == "tumour":  # it must know what to outline, and here all its tokens learn
        never = "modalities.mri.encoder.drop_tokens=0.0"
        return compose(["+experiment=btsc", never, *given, *more]).modalities
    place = f"encoder@modalities.{modality_of(name)}.encoder={name}"
    return compose(["+experiment=glioma_fusion", place, *given, *more]).modalities


def inputs(name):
    torch.manual_seed(1)
    if name in VOLUMES:
        side = 32 if name == "swinunetr" else 16
        image, channels = torch.randn(1, 4, side, side, side), torch.arange(4)[None] < 3
        if name == "tumour":
            outlined = torch.randint(0, 8, (1, side, side, side), dtype=torch.uint8)
            return Volumes(image, channels, outlined, torch.ones(1, 3, dtype=torch.bool))
        return Volumes(image, channels)
    if name in VECTORS:
        return torch.randn(3, 9)
    return Bags(torch.randn(12, 6), torch.tensor([0, 3, 12]))


@pytest.mark.parametrize("name", NAMES)
def test_every_encoder_is_built_by_its_yaml_and_learns(name):
    config = modalities(name)[modality_of(name)]
    torch.manual_seed(0)
    encoder = build_encoder(config, LAYOUTS[modality_of(name)])
    if isinstance(encoder, Fitted):
        encoder.fit([inputs(name)], seed=0)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-2)
    tokens = encoder(inputs(name))
    assert tokens.features.shape[2] == config.encoder.dim
    weight = torch.linspace(0.5, 1.5, encoder.dim)
    loss = (tokens.filled * weight).square().sum() + sum(tokens.penalties.values())
    loss.backward()
    before = [p.detach().clone() for p in encoder.parameters()]
    optimizer.step()
    assert all(not torch.equal(b, p) for b, p in zip(before, encoder.parameters(), strict=True))


def test_identity_is_as_wide_as_the_table():
    config = modalities("snn", "encoder@modalities.rna.encoder=identity")["rna"]
    encoder = build_encoder(config, LAYOUTS["rna"])
    assert encoder.dim == token_width(config, LAYOUTS["rna"]) == 9
    assert torch.equal(encoder(inputs("snn")).features[:, 0], inputs("snn"))


@pytest.mark.parametrize("adapted", ADAPTED)
def test_every_way_of_adapting_is_exported_and_restored(adapted, tmp_path):
    """Weights of another seed take those of a file, LoRA's among them."""
    found = compose(
        [
            "+experiment=glioma_fusion",
            *(f"adapt@modalities.{m}.adapt={adapted}" for m in LAYOUTS),
            *(f"modalities.{m}.adapt.start=bundle" for m in LAYOUTS),
        ]
    )

    def trained(seed):
        model = build_model(
            found.modalities,
            found.head,
            layouts=LAYOUTS,
            out_features=1,
            missing=found.missing,
            modality_dropout=0.0,
            seed=seed,
        )
        return Trained(model, {}, tuple(LAYOUTS))

    one, other = trained(0), trained(1)
    with torch.no_grad():
        for weight in one.model.parameters():
            weight += 0.01
    one.save(tmp_path / "weights.safetensors")
    other.restore(tmp_path / "weights.safetensors")
    encoders = zip(
        one.model.eval().encoders.items(), other.model.eval().encoders.values(), strict=True
    )
    for (name, mine), theirs in encoders:
        given = inputs({"mri": "resnet", "rna": "snn", "wsi": "clam"}[name])
        assert torch.equal(mine(given).features, theirs(given).features)
    learning = {n for n, p in one.model.encoders.named_parameters() if p.requires_grad}
    every = {n for n, _ in one.model.encoders.named_parameters()}
    if adapted in ("full", "staged"):
        assert learning == every
    elif adapted == "frozen":
        assert not learning
    else:
        assert learning == {n for n in every if n.rsplit(".", 1)[1] in ("a", "b")}
    staged = build_unfreezing(found.modalities, one.model)
    assert len(staged) == (len(LAYOUTS) if adapted == "staged" else 0)


def test_pathways_ask_for_their_file():
    with pytest.raises(ConfigError, match="signatures"):
        compose(["+experiment=glioma_fusion", "encoder@modalities.rna.encoder=pathways"])


@pytest.mark.parametrize("adapted", ["frozen", "lora"])
def test_what_hardly_learns_must_begin_somewhere(adapted):
    with pytest.raises(ConfigError, match="start"):
        compose(["+experiment=glioma_fusion", f"adapt@modalities.mri.adapt={adapted}"])


def test_an_encoder_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match="'snn' does not exist"):
        compose(["+experiment=glioma_fusion", "encoder@modalities.wsi.encoder=snn"])
