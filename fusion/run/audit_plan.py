"""The audit of a run that is only planned: everything before training, and nothing is kept."""

import tempfile
from pathlib import Path

from fusion.audit.check import Audit
from fusion.config.run import RunConfig
from fusion.lit.seed import seed_everything
from fusion.run.audit import examine
from fusion.run.prepare import prepare


def examine_plan(config: RunConfig) -> Audit:
    """Read, divide and fit as the run would, and ask.

    Prepared volumes and slides stay in the cache; split and notes are thrown away.

    Raises:
        CohortError: listing every file that cannot be used.
        ConfigError: where `audit.accept` names a check that does not exist.
    """
    seed_everything(config.seed)
    with tempfile.TemporaryDirectory() as folder:
        return examine(config, prepare(config, Path(folder))).audit
