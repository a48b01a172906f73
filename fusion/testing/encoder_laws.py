"""Laws of encoders. Each takes any encoder and packed inputs, and raises `BrokenLaw`."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from fusion.encoders.base import Encoder
from fusion.testing.broken import finite, require, same
from fusion.types import Bags, Input, Tokens, Volumes


def gives_tokens(encoder: Encoder, inputs: Input, tolerance: float) -> None:
    """One row per patient, of the promised width, with at least one real and finite token."""
    tokens = _run(encoder, inputs)
    shape = tuple(tokens.features.shape)
    require(len(tokens) == len(inputs), f"{len(tokens)} rows for {len(inputs)} patients")
    require(shape[2] == encoder.dim, f"tokens are {shape[2]} wide, `dim` says {encoder.dim}")
    require(bool(tokens.present.all()), "a patient who has the modality got no token")
    finite(tokens.features[tokens.mask], "tokens")


def a_patient_alone_gives_the_row_of_the_batch(
    encoder: Encoder, inputs: Input, tolerance: float
) -> None:
    """Nor does the order of patients matter, so padding does not either."""
    whole = _run(encoder, inputs)
    backwards = list(range(len(inputs)))[::-1]
    turned = _run(encoder, take(inputs, backwards))
    for i in range(len(inputs)):
        alone = _real(_run(encoder, take(inputs, [i])), 0)
        same(alone, _real(whole, i), f"patient {i} alone differs from the batch", tolerance)
        row = _real(turned, backwards.index(i))
        same(row, _real(whole, i), f"patient {i} depends on the order of patients", tolerance)


def patients_are_independent(encoder: Encoder, inputs: Input, tolerance: float) -> None:
    """In evaluation and in training, where batch norm would mix them."""
    for training in (False, True):
        whole, mixed = (
            _run(encoder, given, training) for given in (inputs, _changed(inputs, patient=0))
        )
        for i in range(1, len(inputs)):
            message = f"patient {i} depends on patient 0 (training={training})"
            same(_real(mixed, i), _real(whole, i), message, tolerance)


def order_and_junk_never_matter(encoder: Encoder, inputs: Input, tolerance: float) -> None:
    """The order of a bag's rows, and whatever stands in an absent channel, NaN included."""
    whole = _run(encoder, inputs)
    for what, other in _equivalent(inputs):
        mean = _run(encoder, other).mean()
        same(mean, whole.mean(), f"{what} matters", tolerance)
        for name, slope in _gradients(encoder, other)[1].items():
            finite(slope, f"{what} matters: gradient of {name}")


def every_real_input_matters(encoder: Encoder, inputs: Input, tolerance: float) -> None:
    """Each column, tile and present channel has a gradient; an absent channel has none."""
    slope = _gradients(encoder, inputs)[0].abs()
    finite(slope, "gradient of the input")
    match inputs:
        case Volumes():
            moves = slope.amax(dim=(2, 3, 4)) > 0
            require(bool((moves | ~inputs.channels).all()), "a channel does not matter")
            require(bool((~moves | inputs.channels).all()), "an absent channel matters")
        case Bags():
            require(bool((slope.amax(dim=1) > 0).all()), "a row of a bag does not matter")
        case _:
            require(bool((slope.amax(dim=0) > 0).all()), "a column does not matter")


def every_bag_matters(encoder: Encoder, inputs: Input, tolerance: float) -> None:
    """What is asked of an encoder that chooses rows: each bag has one with a gradient."""
    slope = _gradients(encoder, inputs)[0].abs()
    finite(slope, "gradient of the input")
    assert isinstance(inputs, Bags), "only an encoder of bags chooses rows"
    for i in range(len(inputs)):
        moves = slope[_span(inputs, i)].amax() > 0
        require(bool(moves), f"no row of bag {i} matters")


EncoderLaw = Callable[[Encoder, Input, float], None]

ENCODER_LAWS: tuple[EncoderLaw, ...] = (
    gives_tokens,
    a_patient_alone_gives_the_row_of_the_batch,
    patients_are_independent,
    order_and_junk_never_matter,
    every_real_input_matters,
)


def take(inputs: Input, patients: Sequence[int]) -> Input:
    """Some patients of a packed input, in the order asked for.

    Example:
        >>> bags = Bags(torch.arange(3.0)[:, None], torch.tensor([0, 2, 3]))
        >>> take(bags, [1, 0]).features.flatten().tolist()
        [2.0, 0.0, 1.0]
    """
    index = list(patients)
    match inputs:
        case Volumes():
            return Volumes(inputs.image[index], inputs.channels[index])
        case Bags():
            parts = [inputs.features[_span(inputs, i)] for i in index]
            lengths = torch.tensor([0, *(len(p) for p in parts)])
            return Bags(torch.cat(parts), lengths.cumsum(0).to(inputs.offsets))
        case _:
            return inputs[index]


def _span(bags: Bags, i: int) -> slice:
    return slice(int(bags.offsets[i]), int(bags.offsets[i + 1]))


def _values(inputs: Input) -> Tensor:
    match inputs:
        case Volumes():
            return inputs.image
        case Bags():
            return inputs.features
        case _:
            return inputs


def _with(inputs: Input, values: Tensor) -> Input:
    match inputs:
        case Volumes():
            return replace(inputs, image=values)
        case Bags():
            return replace(inputs, features=values)
        case _:
            return values


def _changed(inputs: Input, patient: int) -> Input:
    values = _values(inputs).clone()
    where = _span(inputs, patient) if isinstance(inputs, Bags) else patient
    values[where] = values[where].flip(-1) * 2.0 + 1.0
    return _with(inputs, values)


def _equivalent(inputs: Input) -> list[tuple[str, Input]]:
    """Inputs that must give the same tokens."""
    match inputs:
        case Volumes():
            absent = ~inputs.channels[:, :, None, None, None]
            return [
                (f"{junk} in an absent channel", replace(inputs, image=image))
                for junk in (1e6, float("nan"))
                for image in [inputs.image.masked_fill(absent, junk)]
            ]
        case Bags():
            turned = [inputs.features[_span(inputs, i)].flip(0) for i in range(len(inputs))]
            return [("order of a bag's rows", replace(inputs, features=torch.cat(turned)))]
        case _:
            return []


def _real(tokens: Tokens, i: int) -> Tensor:
    return tokens.features[i][tokens.mask[i]]


def _run(encoder: Encoder, inputs: Input, training: bool = False) -> Tokens:
    """Seeded; on a copy, so that no buffer of the original moves."""
    torch.manual_seed(0)
    with torch.no_grad():
        tokens: Tokens = copy.deepcopy(encoder).train(training)(inputs)
    return tokens


def _gradients(encoder: Encoder, inputs: Input) -> tuple[Tensor, dict[str, Tensor]]:
    """Of the tokens' energy, by the input's values and by weight."""
    model = copy.deepcopy(encoder).eval().requires_grad_()
    model.zero_grad()
    leaf = _values(inputs).detach().clone().requires_grad_()
    # squares of layer-normalised tokens sum to a constant, which would hide every gradient
    tokens = model(_with(inputs, leaf)).filled
    weight = torch.linspace(0.5, 1.5, tokens.shape[-1], device=tokens.device)
    (tokens * weight).square().sum().backward()
    slopes = {n: w.grad for n, w in model.named_parameters() if w.grad is not None}
    return leaf.grad if leaf.grad is not None else torch.zeros_like(leaf), slopes
