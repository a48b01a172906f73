import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.shared_unique import SharedUniqueFusion
from fusion.losses.contrastive import contrastive
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def built(**settings):
    torch.manual_seed(0)
    return SharedUniqueFusion(dims=DIMS, out_features=OUT, dim=8, hidden=16, heads=2, **settings)


def one_token(x):
    return Tokens(x[:, None], torch.ones(len(x), 1, dtype=torch.bool))


@pytest.mark.parametrize(("common", "low", "high"), [(True, 0.0, 0.15), (False, 0.4, 0.6)])
def test_shared_parts_of_one_patient_find_each_other_where_modalities_share_something(
    common, low, high
):
    """Share of other patients nearer than oneself, of patients not trained on: chance is a half."""
    draw = torch.Generator().manual_seed(0)
    z, a, b, c = torch.randn(4, 512, 1, generator=draw)
    turn, other = torch.linalg.qr(torch.randn(2, 2, 2, generator=draw))[0]
    x, y = torch.cat([z, a], dim=1) @ turn, torch.cat([z if common else c, b], dim=1) @ other
    torch.manual_seed(0)
    head = SharedUniqueFusion(
        dims={"x": 2, "y": 2},
        out_features=1,
        dim=4,
        hidden=16,
        heads=1,
        dropout=0.0,
        temperature=0.2,
    )
    optimizer = torch.optim.Adam(head.shared.parameters(), lr=1e-2)
    for step in range(50):
        i = torch.arange(step * 64, step * 64 + 64) % 256
        optimizer.zero_grad()
        parts = head.parts({"x": one_token(x[i]), "y": one_token(y[i])})
        head.penalties(*parts)["shared_alignment"].backward()
        optimizer.step()
    shared, _, _ = head.eval().parts({"x": one_token(x[256:]), "y": one_token(y[256:])})
    alike = shared[:, 0] @ shared[:, 1].T
    nearer = (alike > alike.diagonal()[:, None]).float().mean().item()
    # five seeds gave 0.04 to 0.08 and 0.48 to 0.52
    assert low < nearer < high


def test_penalties_are_their_formulas_over_who_is_there():
    head, tokens = built(alignment=0.5, temperature=0.3, separation=2.0).eval(), example()
    shared, unique, _ = head.parts(tokens)
    views, owners, escapes, owns = [], [], [], []
    for i, m in enumerate(head.names):
        rows = torch.nonzero(tokens[m].present)[:, 0]
        views.append(shared[rows, i])
        owners.append(rows)
        escape, own = head.discriminators[m](shared[rows, i], unique[rows, i])
        escapes.append(escape)
        owns.append(own)
    found = head(tokens).penalties
    aligned = contrastive(torch.cat(views), torch.cat(owners), 0.3)
    torch.testing.assert_close(found["shared_alignment"], 0.5 * aligned)
    torch.testing.assert_close(found["unique_separation"], 2.0 * sum(escapes))
    torch.testing.assert_close(found["unique_discriminator"], 2.0 * sum(owns))


def test_separation_teaches_unique_parts_and_the_rest_of_it_only_discriminators():
    head, tokens = built(), example()
    head(tokens).penalties["unique_separation"].backward()
    taught = {n.split(".")[0] for n, w in head.named_parameters() if w.grad is not None}
    assert taught == {"unique"}
    head.zero_grad(set_to_none=True)
    head(tokens).penalties["unique_discriminator"].backward()
    taught = {n.split(".")[0] for n, w in head.named_parameters() if w.grad is not None}
    assert taught == {"discriminators"}


def test_a_look_at_the_common_part_is_a_look_at_those_it_was_joined_from():
    """Where unique parts are never read, shares are those of the first look."""
    head, tokens = built().eval(), example()
    shared, _, present = head.parts(tokens)
    _, looks = head.join(shared, present)
    head.read.forward = lambda parts, real: (parts[:, 0], torch.eye(4)[0].expand(len(parts), 4))
    shares = head(tokens).attention
    for i, m in enumerate(head.names):
        expected = looks[:, i] / looks.sum(dim=1).clamp(min=1e-30)
        torch.testing.assert_close(shares[m], expected)


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ConfigError, match=r"head shared_unique: temperature=0\.0; expected"):
        built(temperature=0.0)
