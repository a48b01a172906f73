"""All tests of one task, corrected together, and what may be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fusion.compare.entrants import Entrant, Field
from fusion.compare.measure import Found, measured, strongest
from fusion.compare.row import Row, Verdict
from fusion.compare.rule import CORRECTED_T, DELONG, Settings
from fusion.errors import ConfigError
from fusion.report.tasks import TaskInfo
from fusion.statistics.multiplicity import adjusted

ALPHA = 0.05


@dataclass(frozen=True)
class Family:
    """One task's numbers."""

    task: TaskInfo
    rows: tuple[Row, ...]
    tests: int
    """That were corrected together."""

    def of(self, part: str, versus: str = "", *kinds: str) -> list[Row]:
        """Rows of a part, of these kinds of model (all if none is named)."""
        return [
            r
            for r in self.rows
            if r.part == part and r.versus == versus and (not kinds or r.kind in kinds)
        ]

    @property
    def parts(self) -> list[str]:
        """On which anybody was tested; external patients first."""
        return [p for p in ("external", "test") if any(r.part == p for r in self.rows)]


def compare(
    field: Field, *, references: Sequence[str], shares: Mapping[str, float], draws: int, seed: int
) -> Family:
    """Every number and every test of a task.

    Tested, and corrected together by Holm: each head and each modality alone against the clinical
    model, each head against all modalities alone at once, each head against each reference; on
    internal test patients and on external ones. Heads with some modalities hidden have intervals
    and no test.

    Args:
        field: of the task.
        references: names of heads that the others are held against, where they are there.
        shares: part -> patients tested over patients trained on.
        draws: of the bootstrap.
        seed: of it.

    Raises:
        ConfigError: where so few draws could never find anything after correcting.
    """
    plain: list[Found] = []
    tested: list[Found] = []
    for part in ("test", "external"):
        here = field.of(part)
        if not here.heads:
            continue
        settings = Settings(draws=draws, seed=seed, share=shares[part])
        about = (field.task, part)
        plain += [measured(*about, e, None, settings) for e in (*here.everybody, *here.subsets)]
        plain += [measured(*about, e, here.clinical, settings) for e in here.subsets]
        against = (*here.singles, *here.heads)
        tested += [measured(*about, e, here.clinical, settings) for e in against]
        for head in here.heads:
            each = [measured(*about, head, s, settings) for s in here.singles_of(head)]
            plain += each
            together = strongest(each)
            tested += [together] if together else []
        tested += [
            measured(*about, head, reference, settings)
            for head in here.heads
            for reference in _named(here.heads, references)
            if head.name != reference.name
            and not (head.name in references and reference.name < head.name)
        ]
    rows = _corrected(tested, draws)
    return Family(
        field.task,
        tuple([_untested(f.row) for f in plain] + rows),
        sum(f.row.p is not None for f in tested),
    )


def _named(heads: Sequence[Entrant], names: Sequence[str]) -> list[Entrant]:
    return [h for h in heads if h.name in names]


def _untested(row: Row) -> Row:
    """What is shown without a claim has no p that could be read as one."""
    return replace(row, p=None)


def _corrected(found: Sequence[Found], draws: int) -> list[Row]:
    with_p = {str(i): f.row.p for i, f in enumerate(found) if f.row.p is not None}
    if not with_p:
        return [replace(f.row, verdict="no test possible") for f in found]
    by_draws = any(f.row.test not in (DELONG, CORRECTED_T) for f in found)
    if by_draws and 2 / (draws + 1) * len(with_p) > ALPHA:
        needed = 1000 * -(-int(4 * len(with_p) / ALPHA) // 1000)
        raise ConfigError(
            f"draws={draws}: with {len(with_p)} tests of task {found[0].row.task} no difference "
            f"could be called one after correcting; give draws={needed} or more"
        )
    holm = adjusted(with_p, method="holm")
    level = 1 - ALPHA / len(with_p)
    return [
        replace(
            f.at(level), p_holm=holm.get(str(i)), verdict=verdict(f.row.value, holm.get(str(i)))
        )
        for i, f in enumerate(found)
    ]


def verdict(value: float | None, p_holm: float | None) -> Verdict:
    """In words, after correcting.

    Example:
        >>> verdict(0.1, 0.01), verdict(-0.1, 0.01), verdict(0.1, 0.2), verdict(None, None)
        ('better', 'worse', 'no difference shown', 'no test possible')
    """
    if value is None or p_holm is None:
        return "no test possible"
    if p_holm >= ALPHA:
        return "no difference shown"
    return "better" if value > 0 else "worse"
