"""`import kmb_core`: CPU time over `import numpy`, each in a fresh interpreter, in turn; and the modules it loads."""

import json
import os
import statistics
import subprocess
import sys

import measure

CHILD = """
import sys, time
before, start = len(sys.modules), time.process_time()
import {module}
print([time.process_time() - start, len(sys.modules) - before])
"""


def imported(module, backend):
    environment = {**os.environ, "KMB_BACKEND": backend, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", CHILD.format(module=module)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(finished.stdout)


def figure(library, backend):
    rounds = [(imported(library.__name__, backend), imported("numpy", backend)) for _ in range(9)]
    low, ratio, high = statistics.quantiles([ours[0] / numpy[0] for ours, numpy in rounds], n=4)
    milliseconds = 1e3 * statistics.median(ours[0] for ours, _ in rounds)
    return {"ratio": ratio, "low": low, "high": high, "ms": milliseconds, "modules": rounds[0][0][1]}


if __name__ == "__main__":
    aim = "ratio at most 1.5, fewer than 350 modules (Keras 3.15.1: 25 and 2,645 on NumPy)"
    measure.main("import, CPU time over numpy's", aim, figure, ("numpy", *measure.TRAINING_BACKENDS))
