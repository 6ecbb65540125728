"""Saving and loading a model of 1 GB, over writing and reading the same arrays with h5py: time, and memory beside.

Both sides bring what they write to the disk (`fsync`) before the clock stops, and read what lies in the system's cache.
Wall time, A B A B …, medians of the rounds' ratios. Extra memory is the peak of the process above what it held before
and, for loading, above the model itself; it is told in sizes of the largest array. TMPDIR says on which disk.
"""

import gc
import os
import statistics
import tempfile
import time
from pathlib import Path

import h5py
import measure
import numpy as np

WIDTH, LAYERS, ROUNDS = 4096, 16, 5  # arrays of 64 MiB, 1 GiB in all
ENDINGS = (".keras", ".weights.h5", ".safetensors")


def figure(library, backend):
    model = made(library)
    arrays = {f"{index}": np.asarray(value) for index, value in enumerate(model.get_weights())}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        raw = os.path.join(folder, "raw.h5")
        for ending in ENDINGS if library.__name__ == "kmb_core" else ENDINGS[:2]:
            path = os.path.join(folder, f"model{ending}")
            save = model.save if ending == ".keras" else model.save_weights
            found |= compared(f"save {ending}", lambda: save(path), lambda: write(raw, arrays))  # noqa: B023
            found[f"save {ending}, extra"] = extra_memory(lambda: save(path)) / largest(arrays)  # noqa: B023

            def load():
                if ending == ".keras":  # noqa: B023 - called at once
                    return library.saving.load_model(path)  # noqa: B023
                return model.load_weights(path)  # noqa: B023

            check(library, load(), model, arrays)
            found |= compared(f"load {ending}", load, lambda: read(raw))
            held = sum(array.nbytes for array in arrays.values()) if ending == ".keras" else 0
            found[f"load {ending}, extra"] = (extra_memory(load) - held) / largest(arrays)
            os.remove(path)
    return found


def made(library):
    layers = [library.layers.Dense(WIDTH, use_bias=False, kernel_initializer="zeros") for _ in range(LAYERS)]
    model = library.Sequential([library.Input((WIDTH,)), *layers])
    rows = np.random.default_rng(0).uniform(-1, 1, (WIDTH, WIDTH)).astype("float32")
    for index, layer in enumerate(layers):
        layer.set_weights([rows + index])
        layer.kernel_initializer = library.initializers.GlorotUniform()  # what a model usually says of itself
    return model


def check(library, loaded, model, arrays):
    for value, right in zip((loaded or model).get_weights(), arrays.values(), strict=True):
        measure.refuse_if_different(value[::64, ::64], right[::64, ::64], 0.0)


def write(path, arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)


def read(path):
    with h5py.File(path) as file:
        return [file[name][()] for name in file]


def largest(arrays):
    return max(array.nbytes for array in arrays.values())


def compared(name, ours, other):
    """Median ratio of wall times, and both medians in seconds."""
    ours(), other()
    pairs = [(seconds(ours), seconds(other)) for _ in range(ROUNDS)]
    return {
        name: statistics.median(first / second for first, second in pairs),
        f"{name}, s": statistics.median(first for first, _ in pairs),
        f"{name}, h5py, s": statistics.median(second for _, second in pairs),
    }


def seconds(function):
    gc.collect()
    start = time.perf_counter()
    kept = function()
    spent = time.perf_counter() - start
    del kept
    return spent


def extra_memory(function):
    """Bytes that the process held at its peak beyond what it held before."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    kept = function()
    peak = memory("VmHWM")
    del kept
    return peak - before


def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    measure.main("Files of a model of 1 GB", "times at most 1.2, extra at most 1", figure)
