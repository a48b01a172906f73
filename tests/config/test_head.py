"""Each head by its YAML: built on encoders, trained by a step, every weight reached."""

import pytest
import torch
import yaml
from pydantic import TypeAdapter

from fusion.config.compose import CONFIGS, compose
from fusion.config.head import HeadConfig
from fusion.config.missing import MissingConfig
from fusion.config.parts.model import build_model
from fusion.data.layout import Layout
from fusion.data.sample import Sample, collate
from fusion.heads.offset import ClinicalOffset
from fusion.heads.offset_links import Offset
from fusion.testing.head_examples import PATTERNS
from fusion.types import Bags, Center, Modality, PatientId, Volumes

NAMES = sorted(path.stem for path in (CONFIGS / "head").glob("*.yaml"))
LAYOUTS = {m: Layout(width) for m, width in {"mri": 2, "rna": 5, "wsi": 3}.items()}
GIVEN = {
    "single": {"modality": "mri"},
    "film": {"map": "mri", "tables": ["rna", "wsi"]},
    "coattention": {"guide": "rna"},
    "transport": {"guide": "rna"},
    "pathway_attention": {"guide": "rna"},
    "offset": {"clinical": "rna", "inner": {"name": "late", "hidden": 8, "dropout": 0.1}},
}
"""What a YAML leaves open."""

UNREACHED = {
    # one token to choose from, whatever it is asked
    "coattention": {"key.wsi.weight"},
    # behind a last layer that starts at 0
    "film": {f"modulate.{m}.0.{w}" for m in ("rna", "wsi") for w in ("weight", "bias")},
    "offset": {"head.scores", "head.prior"}
    | {f"head.predictors.{m}.{i}.{w}" for m in LAYOUTS for i in (0, 3) for w in ("weight", "bias")},
}
"""Weights of a head whose first gradient is 0, by design."""


def head_config(name, **more):
    values = yaml.safe_load((CONFIGS / "head" / f"{name}.yaml").read_text())
    values.pop("defaults", None)
    return TypeAdapter(HeadConfig).validate_python(values | GIVEN.get(name, {}) | more)


def missing_config(name):
    values = yaml.safe_load((CONFIGS / "missing" / f"{name}.yaml").read_text())
    return TypeAdapter(MissingConfig).validate_python(values)


def built(modalities, name, missing="masked", **more):
    model = build_model(
        modalities,
        head_config(name, **more),
        layouts=LAYOUTS,
        out_features=2,
        missing=missing_config(missing),
        modality_dropout=0.0,
        seed=0,
    )
    if isinstance(model.head, ClinicalOffset):  # fitted before training
        columns = torch.randn(9, int(model.encoders["rna"].dim))
        model.head.freeze(Offset.plain(columns[:2], torch.zeros(2)), columns)
    return model


@pytest.fixture(scope="module")
def modalities():
    small = ["encoder.pool=grid", "encoder.width=8", "encoder.layers=[1]", "encoder.dim=8"]
    return compose(
        ["+experiment=glioma_fusion", *(f"modalities.mri.{value}" for value in small)]
    ).modalities


@pytest.fixture(scope="module")
def batch():
    """Two patients of each pattern of presence."""
    draw = torch.Generator().manual_seed(0)
    samples = []
    for i, (mri, rna, wsi) in enumerate(PATTERNS * 2):
        inputs = {}
        if mri:
            image = torch.randn(1, 2, 16, 16, 16, generator=draw)
            inputs[Modality("mri")] = Volumes(image, torch.ones(1, 2) > 0)
        if rna:
            inputs[Modality("rna")] = torch.randn(1, 5, generator=draw)
        if wsi:
            tiles = torch.randn(4, 3, generator=draw)
            inputs[Modality("wsi")] = Bags(tiles, torch.tensor([0, 4]))
        samples.append(Sample(PatientId(str(i)), Center("c"), inputs, {}))
    return collate(samples)


@pytest.mark.parametrize(
    ("name", "more"),
    [*((name, {}) for name in NAMES), ("attention", {"softmax_one": True, "missing": "token"})],
    ids=[*NAMES, "attention, learned tokens"],
)
def test_a_step_reaches_every_weight_and_lowers_the_loss(name, more, modalities, batch):
    model = built(modalities, name, **more).eval()  # no dropout, so that two losses compare
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def loss():
        fused = model(batch)
        return (fused.outputs - 1.0).square().mean() + sum(fused.penalties.values())

    before = loss()
    before.backward()
    unreached = {n for n, w in model.head.named_parameters() if not w.grad.any()}
    assert unreached == UNREACHED.get(name, set())
    optimizer.step()
    assert loss() < before


@pytest.mark.parametrize("name", NAMES)
def test_mixed_precision_gives_nearly_the_same(name, modalities, batch):
    model = built(modalities, name).eval()
    tokens = model.encode(batch)
    with torch.autocast("cpu", torch.bfloat16):
        half = model.fuse(tokens).outputs
    # bfloat16 has three significant digits; outputs are of order one, sums of tens of terms
    torch.testing.assert_close(half.float(), model.fuse(tokens).outputs, rtol=0.02, atol=0.02)


def test_every_head_has_its_row_in_the_documentation():
    text = (CONFIGS.parent / "docs" / "heads.md").read_text()
    assert [name for name in NAMES if f"\n| `{name}` | " not in text] == []


def test_the_same_seed_builds_the_same_head(modalities):
    one, two = (built(modalities, "experts").state_dict() for _ in range(2))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
