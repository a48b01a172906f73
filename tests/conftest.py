"""What every test shares: one thread each, and one small demo cohort for all processes."""

import fcntl
import importlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

# jaxtyping's hook turns off the bytecode cache of whatever one of our modules imports first,
# which then is compiled anew by every process (half a minute); so large libraries come before
for library in (
    "lightning.pytorch",
    "lifelines",
    "matplotlib.pyplot",
    "monai.networks.nets",
    "pydantic",
    "scipy.stats",
    "skimage.filters",
    "sklearn.linear_model",
    "statsmodels.api",
    "torchmetrics",
    "transformers",
):
    importlib.import_module(library)

torch.set_num_threads(1)  # two test processes share two cores

EXTERNAL = Path(__file__).resolve().parents[1] / "../shared/data/external_predictions/mri_gnp.csv"

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(autouse=True)
def random_start():
    """The same weights and draws in every run; `TEST_SEED=7 make test` asks if that matters."""
    torch.manual_seed(int(os.environ.get("TEST_SEED", "0")))


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Once:
    """`once(name, make)`: a folder that the first process to ask makes, and all others wait for."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name, make):
        folder, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def small_demo(once) -> Path:
    """60 patients with coarse volumes and tiny slides. Shared: copy it before you change it."""
    from fusion.testing.demo import write_demo

    return once("small_demo", lambda f: write_demo(f, patients=60, volume_mm=5.0, slide_px=512))


@pytest.fixture(scope="session")
def small_cache(once) -> Path:
    """Where prepared volumes and slide features of all tests lie; its entries are atomic."""
    return once("small_cache", lambda folder: folder.mkdir())


@pytest.fixture(scope="module")
def quick_figures():
    """Figures are drawn for the tests of reports; a run would spend a third of its time on them."""
    dot = PIL.Image.new("RGB", (1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FigureCanvasAgg, "print_png", lambda _, file, **__: dot.save(file, "PNG"))
        yield


@pytest.fixture
def idh_external():
    """Probability of IDH mutation and the truth; only rows of `External` are genuine."""
    if not EXTERNAL.exists():
        pytest.skip("external predictions are not at hand (../shared/data/external_predictions)")
    table = pd.read_csv(EXTERNAL, encoding="utf-8-sig")
    table = table[(table["data_split"] == "External") & (table["task"] == "IDH")]
    # the file gives the probability of the class that was predicted
    p = table["prediction_probability"].to_numpy(dtype=float)
    p = np.where(table["prediction"] == "yes", p, 1 - p).round(3)
    return p, (table["label"] == "yes").to_numpy(dtype=bool)
