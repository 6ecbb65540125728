"""Saving and loading a model of 1 GB, over writing and reading the same arrays with h5py: time, and memory beside.

Both sides write a file that is not there yet and bring it to the disk (`fsync`) before the clock stops, and read what
lies in the system's cache. Wall and CPU time, A B A B …, medians of the rounds' ratios. Before each turn some memory is
taken and given back: a virtual machine whose host takes free memory away makes whoever needs some first wait for it,
up to ten times as long as the copying takes. Extra memory is the peak of the process above what it held before and,
for loading, above the model itself; it is told in sizes of the largest array. TMPDIR says on which disk.
"""

import gc
import mmap
import os
import statistics
import tempfile
import time
from pathlib import Path

import h5py
import measure
import numpy as np

WIDTH, LAYERS, ROUNDS = 4096, 16, 5  # arrays of 64 MiB, 1 GiB in all
TOUCHED = 3 << 30  # bytes
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
            found |= compared(f"save {ending}", lambda: save(path), lambda: write(raw, arrays), (path, raw))  # noqa: B023
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


def compared(name, ours, other, files=()):
    """Median ratios of wall and CPU times, and both median wall times in seconds."""
    ours(), other()
    pairs = [(seconds(ours, files[:1]), seconds(other, files[1:])) for _ in range(ROUNDS)]
    walls = [(first[0], second[0]) for first, second in pairs]
    return {
        name: statistics.median(first / second for first, second in walls),
        f"{name}, CPU": statistics.median(first[1] / second[1] for first, second in pairs),
        f"{name}, s": statistics.median(first for first, _ in walls),
        f"{name}, h5py, s": statistics.median(second for _, second in walls),
    }


def seconds(function, files):
    """Wall and CPU time; the files are removed before."""
    for path in files:
        os.remove(path)
    gc.collect()
    touch()
    start, busy = time.perf_counter(), time.process_time()
    kept = function()
    spent = time.perf_counter() - start, time.process_time() - busy
    del kept
    return spent


def touch():
    with mmap.mmap(-1, TOUCHED) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for place in range(0, TOUCHED, mmap.PAGESIZE):
            memory[place] = 1


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
