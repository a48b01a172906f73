import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.gated_attention import ROWS, GatedAttention, pieces
from fusion.testing.contracts import check_encoder
from fusion.types import Bags


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """These matrices are too small for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return GatedAttentionEncoder(features=6, dim=16, attention_dim=8, dropout=0.25).eval()


def brute_force(encoder, bag):
    """Equations 8 and 9 of Ilse, Tomczak and Welling (2018), one bag, one tile after another."""
    embed, attend = encoder.embed.linear, encoder.attend
    scores, hidden = [], []
    for tile in bag:
        h = torch.relu(embed.weight @ tile + embed.bias)
        v = torch.tanh(attend.content.weight @ h + attend.content.bias)
        u = torch.sigmoid(attend.gate.weight @ h + attend.gate.bias)
        scores.append(attend.score.weight[0] @ (v * u))
        hidden.append(h)
    weights = torch.stack([s.exp() for s in scores])
    weights = weights / weights.sum()
    return sum(w * h for w, h in zip(weights, hidden, strict=True)), weights


def test_the_laws_of_encoders(encoder, pack):
    check_encoder(encoder, pack([1, 3, 40, 7]))


@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4), seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_value_and_gradient_equal_a_loop_over_bags(lengths, seed, pack):
    torch.manual_seed(seed)
    encoder = GatedAttentionEncoder(features=6, dim=5, attention_dim=4, dropout=0.0).double()
    bags = Bags(pack(lengths, seed).features.double().requires_grad_(), pack(lengths).offsets)
    mix = torch.linspace(-1, 2, 5, dtype=torch.float64)
    tokens = encoder(bags)
    loop = [brute_force(encoder, bag) for bag in bags.features.split(lengths)]
    torch.testing.assert_close(tokens.features[:, 0], torch.stack([t for t, _ in loop]))
    torch.testing.assert_close(encoder.attention(bags), torch.cat([w for _, w in loop]))
    inputs = [bags.features, *encoder.parameters()]
    mine = torch.autograd.grad((tokens.features * mix).square().sum(), inputs)
    theirs = torch.autograd.grad(sum((t * mix).square().sum() for t, _ in loop), inputs)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-9, rtol=1e-7)


def test_the_order_of_tiles_never_matters(encoder, pack):
    bags = pack([50, 200])
    turn = torch.cat([torch.randperm(50), 50 + torch.randperm(200)])
    with torch.inference_mode():
        tokens, turned = encoder(bags), encoder(Bags(bags.features[turn], bags.offsets))
    torch.testing.assert_close(turned.features, tokens.features, atol=1e-6, rtol=0)


def test_a_patient_alone_gives_its_row_of_the_batch(encoder, pack):
    lengths = [1, 300, 17, 5000]
    bags = pack(lengths)
    with torch.inference_mode():
        whole = encoder(bags).features
        for i, bag in enumerate(bags.features.split(lengths)):
            alone = encoder(Bags(bag, torch.tensor([0, len(bag)]))).features
            torch.testing.assert_close(alone[0], whole[i], atol=1e-5, rtol=0)


def test_a_bag_of_one_tile_is_that_tile(encoder, pack):
    bags = pack([1])
    torch.testing.assert_close(encoder(bags).features[:, 0], encoder.embed(bags.features))
    assert encoder.attention(bags).tolist() == [1.0]


def test_copying_every_tile_changes_nothing(encoder, pack):
    bags = pack([9])
    twice = Bags(bags.features.repeat(2, 1), torch.tensor([0, 18]))
    torch.testing.assert_close(encoder(twice).features, encoder(bags).features, atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [1e4, 1e30, -1e30])
def test_huge_scores_never_overflow(size):
    attend = GatedAttention(dim=1, attention_dim=1, dropout=0.0)
    with torch.no_grad():
        for weight in (attend.content.weight, attend.gate.weight):
            weight.fill_(100.0)
        attend.score.weight.fill_(size)
    rows = torch.tensor([[1.0], [0.0], [1.0], [1.0], [1.0]], requires_grad=True)
    pooled, weights = attend(rows, [3, 2])
    torch.testing.assert_close(weights[:3].sum(), torch.tensor(1.0))
    assert weights[3:].tolist() == [0.5, 0.5]
    assert weights[1] == (0 if size > 0 else 1)
    pooled.square().sum().backward()
    assert bool(rows.grad.isfinite().all())


def test_dropout_keeps_the_gradient_that_it_drew(pack):
    """The derivative along the gradient, by finite differences under the same seed."""
    torch.manual_seed(0)
    encoder = GatedAttentionEncoder(features=6, dim=16, attention_dim=8, dropout=0.5).double()
    bags = pack([5, ROWS + 50])
    x = bags.features.double().requires_grad_()

    def energy(moved=0.0):
        torch.manual_seed(1)
        for parameter, slope in zip(encoder.parameters(), slopes, strict=True):
            parameter.data += moved * slope
        found = encoder(Bags(x, bags.offsets)).features.square().sum()
        for parameter, slope in zip(encoder.parameters(), slopes, strict=True):
            parameter.data -= moved * slope
        return found

    slopes = [torch.zeros_like(p) for p in encoder.parameters()]
    slopes = torch.autograd.grad(energy(), list(encoder.parameters()))
    with torch.no_grad():
        rise = (energy(1e-6) - energy(-1e-6)) / 2e-6
    expected = sum(s.square().sum() for s in slopes)
    torch.testing.assert_close(rise, expected, rtol=1e-6, atol=0)


def test_the_gradient_can_be_asked_for_twice(pack):
    """What the first call let go is made again."""
    torch.manual_seed(0)
    encoder = GatedAttentionEncoder(features=6, dim=16, attention_dim=8, dropout=0.5)
    loss = encoder(pack([5, 9])).features.square().sum()
    first = torch.autograd.grad(loss, list(encoder.parameters()), retain_graph=True)
    second = torch.autograd.grad(loss, list(encoder.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_rows_come_in_pieces_of_one_bag():
    lengths = [1, 3 * ROWS - 5, ROWS, ROWS + 1]
    covered = torch.cat([torch.arange(r.start, r.stop) for _, r in pieces(lengths)])
    assert torch.equal(covered, torch.arange(sum(lengths)))
    ends = torch.tensor([0, *lengths]).cumsum(0)
    assert all(ends[i] <= r.start and r.stop <= ends[i + 1] for i, r in pieces(lengths))


def test_mixed_precision_is_close(pack):
    torch.manual_seed(0)
    encoder = GatedAttentionEncoder(features=6, dim=16, attention_dim=8, dropout=0.0)
    bags = pack([5, 9])
    exact = encoder(bags).features
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = encoder(bags).features
    assert rough.dtype == torch.bfloat16
    # bfloat16 keeps 8 bits: 0.4 %
    torch.testing.assert_close(rough.float(), exact, atol=0.02, rtol=0.02)
    rough.float().square().sum().backward()
    assert all(p.grad.dtype == torch.float32 for p in encoder.parameters())


def test_a_planted_tile_is_found(pack):
    """One tile in 50 decides the label; attention finds it, in bags that were not trained on."""
    torch.manual_seed(0)
    encoder = GatedAttentionEncoder(features=6, dim=16, attention_dim=8, dropout=0.0)
    head = torch.nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.02)

    def draw(seed):
        bags = pack([50] * 16, seed)
        label = torch.arange(16) % 2
        key = torch.arange(0, 800, 50)[label == 1]
        bags.features[key, 0] += 6
        return bags, label.float(), key

    for step in range(120):
        bags, label, _ = draw(step)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            head(encoder(bags).features[:, 0])[:, 0], label
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    bags, label, key = draw(10_000)
    with torch.inference_mode():
        found = head(encoder(bags).features[:, 0])[:, 0] > 0
        weights = encoder.attention(bags)
    assert (found == label.bool()).all()
    assert weights[key].min() > 0.5
