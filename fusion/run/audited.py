"""The audit as steps of a run: it stops before training, or tells what it found."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from rich.markup import escape

from fusion.audit.check import Audit
from fusion.config.run import RunConfig
from fusion.lit.rank import rank
from fusion.run.audit import Examination, examine, examine_again
from fusion.run.audit_files import write_audit
from fusion.run.audit_show import plain, summary
from fusion.run.material import Material


def audit_before(
    config: RunConfig, material: Material, folder: Path, say: Callable[[str], None]
) -> Examination | None:
    """Audit what a run is about to learn from; None in any process but the first.

    Raises:
        LeakageError: listing the errors; `audit.json` has them too.
        ConfigError: where `audit.accept` names a check that does not exist.
    """
    if rank() != 0:
        return None
    found = examine(config, material)
    _tell(found.audit, folder, say)
    return found


def audit_after(
    before: Audit,
    config: RunConfig,
    material: Material,
    folder: Path,
    predictions: pd.DataFrame,
) -> Audit:
    """Audit what was fitted and chosen, and what it predicts.

    Raises:
        LeakageError: listing the errors.
    """
    found = examine_again(before, config, material, folder, predictions)
    write_audit(folder, found)
    found.refuse()
    return found


def _tell(audit: Audit, folder: Path, say: Callable[[str], None]) -> None:
    write_audit(folder, audit)
    say(f"    {summary(audit)}")
    for finding in audit.warnings:
        say(f"    warning: {escape(plain(finding.message))}")
    audit.refuse()
