"""Peak memory of `fit` on an MLP 1024-4096-4096-10, batch 256: the whole process over one with a native loop.

Each side has a process of its own, framework included; the model has 21 million weights, its optimizer twice as many.
"""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import measure
import numpy as np
from models import classification, compiled_mlp
from native_training import native

BATCH, WIDTHS, STEPS = 256, (1024, 4096, 4096, 10), 6


def figure(library, backend):
    x, y = data()
    model = compiled_mlp(library, WIDTHS)
    model.fit(x, y, batch_size=BATCH, epochs=2, verbose=0, shuffle=False)
    ours, by_hand = peak(), of_native_loop(backend)
    return {"ratio": ours / by_hand, "ours, MB": ours, "native, MB": by_hand}


def data():
    return classification(BATCH * STEPS, WIDTHS[0], WIDTHS[-1])


def peak():
    """In MB, since the program was started; what `getrusage` says includes what the process was before that."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def of_native_loop(backend):
    command = [sys.executable, __file__, "--native-loop", backend]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return json.loads(finished.stdout.splitlines()[-1])


def native_loop(backend):
    x, y = data()
    generator = np.random.default_rng(0)
    weights = []
    for rows, columns in pairwise(WIDTHS):
        weights += [generator.uniform(-0.05, 0.05, (rows, columns)).astype("float32"), np.zeros(columns, "float32")]
    epoch = native(backend, x[:BATCH]).trainer("mlp", weights, BATCH)
    del weights
    epoch(x, y), epoch(x, y)
    print(json.dumps(peak()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--native-loop"]:
        native_loop(sys.argv[2])
    else:
        aim = "ratio at most 1.05"
        measure.main("fit, peak memory over a native loop", aim, figure, measure.TRAINING_BACKENDS)
