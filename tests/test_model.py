import pytest
import torch
from sklearn.metrics import roc_auc_score

from fusion.data.sample import Sample, collate
from fusion.encoders.clam import ClamEncoder
from fusion.encoders.vector import VectorEncoder
from fusion.errors import ConfigError
from fusion.heads.attention import AttentionFusion
from fusion.heads.early import EarlyFusion
from fusion.heads.late import LateFusion
from fusion.heads.single import SingleModality
from fusion.model import FusionModel
from fusion.types import Bags, Center, Modality, PatientId

COLUMNS = {"rna": 5, "clinical": 3, "cnv": 4}


def samples(patterns, seed=0):
    """One patient per set of modalities."""
    draw = torch.Generator().manual_seed(seed)
    rows = {m: torch.randn(len(patterns), c, generator=draw) for m, c in COLUMNS.items()}
    return [
        Sample(
            PatientId(f"P{i}"),
            Center("c"),
            {Modality(m): rows[m][i : i + 1] for m in sorted(pattern)},
            {},
        )
        for i, pattern in enumerate(patterns)
    ]


def built(order=tuple(COLUMNS), **settings):
    torch.manual_seed(0)
    encoders = {m: VectorEncoder(in_features=COLUMNS[m], dim=6, hidden=(8,)) for m in sorted(order)}
    head = EarlyFusion(dims=dict.fromkeys(order, 6), out_features=2, dim=8, hidden=8)
    return FusionModel(encoders={m: encoders[m] for m in order}, head=head, **settings)


MIXED = [{"rna", "cnv", "clinical"}, {"rna"}, set(), {"cnv", "rna"}, {"clinical"}]


def test_a_patient_alone_gives_the_row_of_the_batch():
    model, people = built().eval(), samples(MIXED)
    whole = model(collate(people)).outputs
    for i, person in enumerate(people):
        # float32 products of another shape
        torch.testing.assert_close(
            model(collate([person])).outputs, whole[i : i + 1], rtol=1e-5, atol=1e-6
        )


def test_an_encoder_never_runs_for_a_modality_that_nobody_has():
    model = built()
    seen = []
    for name, encoder in model.encoders.items():
        encoder.register_forward_hook(lambda *call, name=name: seen.append((name, len(call[1][0]))))
    model(collate(samples([{"rna"}, {"rna", "cnv"}, set()])))
    assert seen == [("cnv", 1), ("rna", 2)]


def test_tokens_stand_in_the_rows_of_those_who_have_the_modality():
    model, batch = built().eval(), collate(samples(MIXED))
    tokens = model.encode(batch)
    assert list(tokens) == sorted(COLUMNS)
    for name, t in tokens.items():
        assert torch.equal(t.present, batch.present[Modality(name)])
        packed = model.encoders[name](batch.inputs[Modality(name)]).features
        assert torch.equal(t.features[t.present], packed)


def test_a_batch_of_nobody_with_anything_still_trains_the_head():
    model = built().train()
    outputs = model(collate(samples([set(), set()]))).outputs
    outputs.sum().backward()
    assert torch.isfinite(outputs).all()
    assert torch.isfinite(model.head.absent.grad).all()
    # what makes `find_unused_parameters` necessary with several devices
    assert all(w.grad is None for w in model.encoders.parameters())


def test_neither_weights_nor_results_depend_on_the_order_of_the_mapping():
    one, two = built(), built(order=tuple(reversed(COLUMNS)))
    assert list(one.state_dict()) == list(two.state_dict())
    batch = collate(samples(MIXED))
    assert torch.equal(one.eval()(batch).outputs, two.eval()(batch).outputs)


def test_modality_dropout_hides_in_training_only():
    batch = collate(samples([set(COLUMNS)] * 200))
    model = built(modality_dropout=1.0)
    shown = []
    model.head.register_forward_pre_hook(
        lambda _, args: shown.append(torch.stack([t.present for t in args[0].values()]).sum(dim=0))
    )
    model.train()(batch)
    model.eval()(batch)
    assert (shown[0] == 1).all()
    assert (shown[1] == 3).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match=r"modality_dropout is 1.5, expected within \[0, 1\]"):
        built(modality_dropout=1.5)
    model = built(order=("rna", "cnv"))
    with pytest.raises(ConfigError, match="no encoder for clinical, only for cnv, rna; configure"):
        model(collate(samples(MIXED)))


def joint(seed, rows=600):
    """Planted: the label is whether two hidden signs agree, one in each modality; neither tells."""
    draw = torch.Generator().manual_seed(seed)
    x = {m: torch.randn(rows, 3, generator=draw) for m in ("mri", "rna")}
    label = (x["mri"][:, 0] * x["rna"][:, 0] > 0).float()
    people = [
        Sample(
            PatientId(str(i)), Center("c"), {Modality(m): v[i : i + 1] for m, v in x.items()}, {}
        )
        for i in range(rows)
    ]
    return collate(people), label


def auc_after_training(head, **settings):
    torch.manual_seed(0)
    encoders = {
        m: VectorEncoder(in_features=3, dim=16, hidden=(16,), dropout=0.0) for m in ("mri", "rna")
    }
    dims = dict.fromkeys(encoders, 16)
    model = FusionModel(
        encoders=encoders, head=head(dims=dims, out_features=1, dropout=0.0, **settings)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-2)
    batch, label = joint(seed=0)
    for _ in range(100):
        optimizer.zero_grad()
        logits = model.train()(batch).outputs[:, 0]
        torch.nn.functional.binary_cross_entropy_with_logits(logits, label).backward()
        optimizer.step()
    test, truth = joint(seed=1)
    with torch.no_grad():
        return roc_auc_score(truth, model.eval()(test).outputs[:, 0])


@pytest.mark.parametrize(
    ("head", "settings"),
    [(EarlyFusion, {"dim": 16, "hidden": 32}), (AttentionFusion, {"dim": 16})],
    ids=["early", "attention"],
)
def test_a_signal_that_only_both_carry_is_learned(head, settings):
    assert auc_after_training(head, **settings) > 0.9


@pytest.mark.parametrize(
    ("head", "settings"),
    [
        (SingleModality, {"modality": "mri"}),
        (SingleModality, {"modality": "rna"}),
        (LateFusion, {}),  # a sum of votes cannot express that two signs agree
    ],
    ids=["mri alone", "rna alone", "late"],
)
def test_no_modality_alone_and_no_sum_of_votes_finds_it(head, settings):
    # 600 patients: the standard error of an AUC of 0.5 is 0.024
    assert auc_after_training(head, hidden=32, **settings) == pytest.approx(0.5, abs=0.08)


def test_penalties_of_encoders_are_named_by_modality():
    """In training only, from those who have the modality, whatever the head adds."""

    torch.manual_seed(0)
    clam = ClamEncoder(features=3, dim=6, attention_dim=4, dropout=0.0)
    encoders = {"wsi": clam, "rna": VectorEncoder(in_features=5, dim=6)}
    head = EarlyFusion(dims={"wsi": 6, "rna": 6}, out_features=1, dim=8, hidden=8)
    model = FusionModel(encoders=encoders, head=head, modality_dropout=0.9)
    bags = Bags(torch.randn(7, 3), torch.tensor([0, 7]))
    slide = Sample(PatientId("S"), Center("c"), {Modality("wsi"): bags}, {})
    batch = collate([slide, *samples([{"rna"}])])
    penalties = model(batch).penalties
    assert list(penalties) == ["wsi_instance"]
    torch.testing.assert_close(penalties["wsi_instance"], clam(bags).penalties["instance"])
    assert not model.eval()(batch).penalties
    assert not model.train()(collate(samples([{"rna"}]))).penalties
