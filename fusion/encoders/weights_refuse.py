"""Why a file's weights are not taken."""

from fusion.encoders.weights import Compared
from fusion.errors import ConfigError

NNUNET = "network_weights."
"""Where a checkpoint of nnU-Net v2 has its network."""


def refuse_misfit(found: Compared, *, least_share: float) -> None:
    """Stop where the file is not of this network.

    Args:
        found: by `compare`.
        least_share: of the network's tensors that must be in the file.

    Raises:
        ConfigError: for convolutions that read another number of channels, whatever the share; or
            for fewer tensors than asked, with how many matched and what became of the others.
    """
    if found.match.other_input:
        name = found.match.other_input[0]
        theirs = found.file.tensors[found.match.prefix + name].shape[1]
        raise ConfigError(
            f"{found.file.path}: {name} reads {theirs} channel{'s' * (theirs != 1)}, and this "
            f"modality has {found.channels}. Another input is another network, so its first "
            "convolution is not adapted: give `sequences` that are those of the file, or pretrain "
            "on yours (scripts/pretrain_volumes.py)"
        )
    matched, wanted = len(found.match.matched), len(found.wanted)
    if matched and found.share >= least_share:
        return
    raise ConfigError(
        f"{found.file.path}: {matched} of {wanted} tensors of the network {found.network} match, "
        f"expected {'all' if least_share == 1 else f'a share of {least_share:g} or more'}. "
        f"{_why(found)}. {_advice(found)}"
    )


def _why(found: Compared) -> str:
    first, tensors, start = found.match, found.file.tensors, found.match.prefix
    said = []
    if first.absent:
        said.append(f"{len(first.absent)} are not in the file ({first.absent[0]}, ...)")
    if first.other_shape:
        name = first.other_shape[0]
        shapes = f"{list(tensors[start + name].shape)}, expected {list(found.wanted[name].shape)}"
        said.append(f"{len(first.other_shape)} have another shape ({name} {shapes}, ...)")
    if first.other_norm:
        said.append(
            f"{len(first.other_norm)} belong to a batch norm in the file and to a group norm here "
            f"({first.other_norm[0]}, ...)"
        )
    known = {start + name for name in found.wanted}
    if others := [name for name in first.unused if name not in known]:
        said.append(f"the file has {len(others)} others ({others[0]}, ...)")
    return "; ".join(said)


def _advice(found: Compared) -> str:
    if not found.match.matched and any(name.startswith(NNUNET) for name in found.file.tensors):
        return (
            "It is a checkpoint of nnU-Net, whose networks are others than those here: their "
            "weights cannot be taken"
        )
    if len(found.match.absent) == len(found.wanted):
        return "It is the file of another network, or its names stand behind another prefix"
    accept = f"; or accept that the rest is drawn: weights.least_share={_floor(found.share):g}"
    return "Give the encoder the network, width and layers of the file" + (
        accept if found.match.matched else ""
    )


def _floor(share: float) -> float:
    return int(share * 1000) / 1000
