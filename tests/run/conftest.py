"""Small runs, and cohorts to spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fusion.config.compose import compose
from fusion.run.main import run


@pytest.fixture(scope="module", autouse=True)
def without_pictures(quick_figures):
    """No test of a run looks at one."""


@pytest.fixture(scope="session")
def settings(small_demo, small_cache) -> Callable[..., list[str]]:
    """`settings(experiment, *more, root=...)`: overrides of a run that takes seconds."""

    def overrides(experiment, *more, root=small_demo):
        return [
            f"+experiment={experiment}",
            "+debug=fast",
            f"cohort.root={root}",
            f"cache={small_cache}",
            "trainer.threads=1",
            "progress=false",
            *more,
        ]

    return overrides


@pytest.fixture(scope="session")
def finish(settings) -> Callable[..., Path]:
    """`finish(folder, experiment, *more, root=...)`: the folder after the whole run."""

    def finished(folder, experiment, *more, **where):
        overrides = settings(experiment, *more, **where)
        run(compose(overrides), folder, overrides)
        return folder

    return finished


@pytest.fixture(scope="session")
def finished(once, finish) -> Path:
    """A run of `glioma_fusion`. Shared: copy it before you change it."""
    return once("finished", lambda folder: finish(folder, "glioma_fusion"))


@pytest.fixture(scope="session")
def small_btsc() -> tuple[str, ...]:
    """The experiment of outlines on a coarse grid, for `settings` and `finish`."""
    return (
        "btsc",
        "modalities.mri.spacing_mm=[6,6,6]",
        "modalities.mri.shape=[32,32,32]",
        "modalities.mri.encoder.layers=[1,1,1]",
        "evaluation.singles=false",
    )


@pytest.fixture
def cohort(small_demo, tmp_path) -> Path:
    """A copy of the demo to spoil."""
    return shutil.copytree(small_demo, tmp_path / "cohort")
