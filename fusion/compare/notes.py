"""What a reader of the comparison must know: the rule, the folds, the noise, what is not tested."""

from collections.abc import Mapping, Sequence

from fusion.compare.agree import Entry
from fusion.compare.family import Family
from fusion.compare.rule import BOTH, CORRECTED_T, DELONG, PATIENTS

_RULES = {
    CORRECTED_T: "folds that test different patients: corrected resampled t-test over folds "
    "(Nadeau and Bengio 2003), with {share:.2f} patients tested for each one trained on",
    DELONG: "one division, AUC of two classes: DeLong's test",
    PATIENTS: "one division, any other metric: paired bootstrap over patients, {draws} draws",
    BOTH: "the same patients for the models of several folds: paired bootstrap that draws "
    "patients and folds, {draws} draws",
}
_FEW = 5
"""Folds below which the corrected t has little to go by."""


def notes(
    entries: Sequence[Entry], families: Sequence[Family], shares: Mapping[str, float], draws: int
) -> list[str]:
    """Sentences for the top of the page."""
    used = {r.test for f in families for r in f.rows if r.verdict and r.test}
    rules = [
        text.format(
            share=shares["test"] if _internal(families) else shares["external"], draws=draws
        )
        for name, text in _RULES.items()
        if name in used
    ]
    told = (
        [
            f"Which test: {'; '.join(rules)}. Two-sided; Holm's correction over all tests of a "
            "task, 5 % for all of them together. “Better” and “worse” are said by the corrected p "
            "alone; no difference shown is not the same as no difference."
        ]
        if rules
        else []
    )
    told.append(
        "Tested: each head and each modality alone against the clinical model; each head against "
        "every modality alone at once (better only where it is better than each, so none is "
        "chosen by its result); heads against the reference heads."
    )
    folds = len({e.fold for e in entries})
    if CORRECTED_T in used and folds < _FEW:
        told.append(
            f"{folds} folds leave the corrected t {folds - 1} degree{'s' if folds > 2 else ''} of "
            "freedom: only a very large and steady difference can be shown. Repeat the folds "
            "(split.repeat=0,1,2)."
        )
    seeds = len({e.seed for e in entries})
    if seeds > 1:
        told.append(
            f"{seeds} seeds of each fold are averaged before testing. Training noise: the standard "
            "deviation over seeds of one fold."
        )
    elif folds == 1:
        told.append(
            "One training of each model: what another seed would give is in no interval here. "
            "Train several (seed=0,1,2 split.seed=0)."
        )
    left = sorted(
        {
            f"{r.model}, {fold}: {why}"
            for f in families
            for r in f.rows
            if not r.versus
            for fold, why in r.left_out.items()
        }
    )
    if left:
        more = f" and {len(left) - 5} more" if len(left) > 5 else ""
        told.append(f"Folds without a value: {'; '.join(left[:5])}{more}.")
    return told


def _internal(families: Sequence[Family]) -> bool:
    return any(r.part == "test" and r.test == CORRECTED_T for f in families for r in f.rows)
