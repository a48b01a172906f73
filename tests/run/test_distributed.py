"""Two processes (gloo, CPU) train one model: the path that several GPUs take."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

TRAIN = Path(__file__).resolve().parents[2] / "train.py"


@pytest.mark.slow
def test_two_processes_leave_one_whole_run(small_demo, small_cache, tmp_path):
    command = [
        *(sys.executable, TRAIN, "+experiment=glioma_fusion", "+debug=fast", "~modalities.wsi"),
        *(f"cohort.root={small_demo}", f"cache={small_cache}", f"out={tmp_path / 'run'}"),
        *("trainer.devices=2", "trainer.strategy=ddp_find_unused_parameters_true"),
        *("trainer.threads=1", "trainer.max_epochs=2", "evaluation.singles=true"),
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    # one process speaks; the other one works
    assert done.stdout.count("5/5 evaluating") == 1
    table = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert set(table["model"]) == {"fusion", "mri alone", "rna alone", "clinical"}
    assert not table.duplicated(["model", "patient_id", "task", "class"]).any()
    history = pd.read_csv(tmp_path / "run" / "models" / "fusion" / "history.csv")
    assert history["epoch"].tolist() == [0, 1]
