"""A worker process that is killed while a model trains ends the training with an error: nothing waits for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

from kmb_core.backend import current_backend
from kmb_core.plugins import Capability

SCRIPT = Path(__file__).with_name("killed_worker.py")
HANGS = 120  # seconds


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_worker_that_is_killed_ends_the_pass_with_an_error_and_leaves_no_process():
    method = "fit" if current_backend().supports(Capability.GRADIENTS) else "evaluate"
    command = [sys.executable, str(SCRIPT), method]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=True)
    error, left = finished.stdout.splitlines()
    assert error.startswith("WorkerError: A worker process of Batches died before batch ")
    assert left == "0 processes are left"
