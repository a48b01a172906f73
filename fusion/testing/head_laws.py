"""Laws of fusion heads. Each builds the head afresh and raises `BrokenLaw`."""

import copy
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from fusion.heads.base import Fused, FusionHead
from fusion.testing.broken import finite, require, same
from fusion.testing.head_examples import DIMS, OUT, PATTERNS, example, rows
from fusion.types import Tokens

BuildHead = Callable[..., FusionHead]
"""Takes `dims` and `out_features` by keyword."""


def masked_values_never_matter(build: BuildHead, uses: Collection[str]) -> None:
    """Junk and NaN where masked change neither result nor gradient."""
    head, tokens = _built(build), example()
    clean, slopes = _run(head, tokens), _gradients(head, tokens)
    for junk in (1e6, float("nan")):
        dirty = {
            m: replace(t, features=t.features.masked_fill(~t.mask[..., None], junk))
            for m, t in tokens.items()
        }
        _same(_run(head, dirty), clean, f"masked values matter ({junk})")
        for name, slope in _gradients(head, dirty).items():
            finite(slope, f"masked values matter ({junk}): gradient of {name}")
            same(slope, slopes[name], f"masked values matter ({junk}): gradient of {name}")
    for m, t in tokens.items():
        require(not bool(slopes[m][~t.mask].any()), f"masked values matter: gradient into {m}")


def modality_order_never_matters(build: BuildHead, uses: Collection[str]) -> None:
    """Neither of the mapping that is fused nor of the widths that it was built from."""
    head, tokens = _built(build), example()
    for order in (list(DIMS)[::-1], sorted(DIMS)):
        _same(
            _run(head, {m: tokens[m] for m in order}),
            _run(head, tokens),
            "order of modalities matters in forward",
        )
        other = _built(build, {m: DIMS[m] for m in order})
        weights = other.state_dict()
        require(list(weights) == list(head.state_dict()), "order of modalities names weights")
        for name, value in head.state_dict().items():
            same(weights[name], value, f"order of modalities changes initial {name}", 0.0)
        _same(_run(other, tokens), _run(head, tokens), "order of modalities matters when built")


def token_order_never_matters(build: BuildHead, uses: Collection[str]) -> None:
    """Neither does padding that is masked."""
    head, tokens = _built(build), example()
    turned = {m: Tokens(t.features.flip(1), t.mask.flip(1)) for m, t in tokens.items()}
    same(_run(head, turned).outputs, _run(head, tokens).outputs, "order of tokens matters")
    padded = {
        m: Tokens(
            torch.nn.functional.pad(t.features, (0, 0, 0, 3)),
            torch.nn.functional.pad(t.mask, (0, 3)),
        )
        for m, t in tokens.items()
    }
    same(_run(head, padded).outputs, _run(head, tokens).outputs, "padding of tokens matters")


def patients_are_independent(build: BuildHead, uses: Collection[str]) -> None:
    """A patient alone gives the row of the batch, in evaluation and, seeded, in training."""
    head, tokens, other = _built(build), example(), example(seed=1)
    batch = len(PATTERNS) * 2
    for training in (False, True):
        whole = _run(head, tokens, training).outputs
        mode = "in training" if training else "in evaluation"
        for half in _halves(batch):
            mixed = {m: _swap(t, other[m], half) for m, t in tokens.items()}
            same(
                _run(head, mixed, training).outputs[~half],
                whole[~half],
                f"patients depend on each other {mode}",
                1e-6,
            )
    whole = _run(head, tokens).outputs
    for i in range(batch):
        alone = _run(head, {m: rows(t, [i]) for m, t in tokens.items()}).outputs
        same(alone, whole[i : i + 1], "a patient alone differs from the row in a batch")


def present_matters_absent_does_not(build: BuildHead, uses: Collection[str]) -> None:
    """Each real token of each used modality moves its patient; nothing else moves anyone."""
    head, tokens = _built(build), example()
    base = _run(head, tokens)
    for m, t in tokens.items():
        for j in range(t.mask.shape[1]):
            features = t.features.clone()
            features[:, j] += 2.0 * torch.randn(DIMS[m], generator=torch.Generator().manual_seed(j))
            moved = _run(head, {**tokens, m: replace(t, features=features)}).outputs
            changed = (moved - base.outputs).abs().amax(dim=1) > 1e-6
            expected = t.mask[:, j] & (m in uses)
            require(bool((changed | ~expected).all()), f"{m} token {j} is present, does not matter")
            require(bool((~changed | expected).all()), f"{m} token {j} matters, it must not")
        if m in base.attention:
            share = base.attention[m].reshape(len(t), -1)
            require(not bool(share[~t.present].any()), f"attention to {m} where it is absent")


def finite_whoever_is_present(build: BuildHead, uses: Collection[str]) -> None:
    """Shapes, values and gradients hold for every presence pattern, alone and together."""
    tokens = example()
    nobody = {m: replace(t, mask=torch.zeros_like(t.mask)) for m, t in tokens.items()}
    batches = [tokens, nobody, *({**tokens, m: nobody[m]} for m in DIMS)]
    batches += [{m: rows(t, [i]) for m, t in tokens.items()} for i in range(len(PATTERNS))]
    head = _built(build)
    for batch in batches:
        fused, size = _run(head, batch), len(batch["mri"])
        shape = tuple(fused.outputs.shape)
        require(shape == (size, OUT), f"outputs have shape {shape}, expected {(size, OUT)}")
        require(set(fused.attention) <= set(DIMS), "attention names an unknown modality")
        for name, value in _parts(fused).items():
            finite(value, f"{name} where some are absent")
        for name, slope in _gradients(head, batch).items():
            finite(slope, f"gradient of {name} where some are absent")


HEAD_LAWS: tuple[Callable[[BuildHead, Collection[str]], None], ...] = (
    finite_whoever_is_present,
    masked_values_never_matter,
    modality_order_never_matters,
    token_order_never_matters,
    patients_are_independent,
    present_matters_absent_does_not,
)


def _halves(batch: int) -> list[Tensor]:
    """Halves of a batch such that for any two patients one half has the first alone."""
    rows = torch.arange(batch)
    bits = range((batch - 1).bit_length())
    return [(rows >> bit) % 2 == side for bit in bits for side in (0, 1)]


def _swap(a: Tokens, b: Tokens, half: Tensor) -> Tokens:
    return replace(a, features=torch.where(half[:, None, None], b.features, a.features))


def _built(build: BuildHead, dims: Mapping[str, int] = DIMS) -> FusionHead:
    """The head with no weight left at an initial zero, behind which a fault could hide."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        head = build(dims=dims, out_features=OUT)
        with torch.no_grad():
            for _, weight in sorted(head.named_parameters()):
                weight.add_(0.1 * torch.randn_like(weight))
    return head.eval()


def _run(head: FusionHead, tokens: Mapping[str, Tokens], training: bool = False) -> Fused:
    """Seeded; on a copy, so that no buffer of the original moves."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        return copy.deepcopy(head).train(training)(tokens)


def _gradients(head: FusionHead, tokens: Mapping[str, Tokens]) -> dict[str, Tensor]:
    """Of a loss on all that the head returns, in training: by weight, and by modality."""
    leaves = {m: t.features.clone().requires_grad_() for m, t in tokens.items()}
    given = {m: replace(t, features=leaves[m]) for m, t in tokens.items()}
    model = copy.deepcopy(head).train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        fused = model(given)
    torch.stack([part.square().sum() for part in _parts(fused).values()]).sum().backward()
    named = {**dict(model.named_parameters()), **leaves}
    zero = torch.zeros(())
    return {n: zero.expand_as(w) if w.grad is None else w.grad for n, w in named.items()}


def _parts(fused: Fused) -> dict[str, Tensor]:
    attention = {f"attention to {m}": x for m, x in fused.attention.items()}
    penalties = {f"penalty {k}": x for k, x in fused.penalties.items()}
    return {"outputs": fused.outputs, **attention, **penalties}


def _same(a: Fused, b: Fused, message: str) -> None:
    left, right = _parts(a), _parts(b)
    require(left.keys() == right.keys(), f"{message}: {sorted(left)} is not {sorted(right)}")
    for name, value in left.items():
        same(value, right[name], f"{message}: {name}")
