"""Leaks: resident memory, live tensors and Python objects over many fits, predictions, and models built and deleted.

Each kind of round runs in a process of its own. After a tenth of the rounds as warm-up, growth is what has been added
since; memory that malloc keeps for later is given back before it is read. A framework that holds on to something for
each model itself is measured by the same rounds written by hand (`--native`).
"""

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import measure
import numpy as np
from models import arrays, classification, compiled_mlp

BATCH, WIDTHS, STEPS = 32, (16, 16, 4), 4
INTERVALS = 5
FLAT = {"memory, %": 2.0, "KiB a round": 4.0}  # memory is flat below either
NOISE = 0.1  # of a tensor or an object a round


def rounds(library, backend):
    """What is repeated, by name."""
    x, y = classification(BATCH * STEPS, WIDTHS[0], WIDTHS[-1])
    trains = backend in measure.TRAINING_BACKENDS
    model = compiled_mlp(library, WIDTHS)

    def use(model):
        return model.fit(x, y, batch_size=BATCH, verbose=0) if trains else model.evaluate(x, y, verbose=0)

    def build_and_delete():
        model = compiled_mlp(library, WIDTHS)
        use(model)
        model.predict(x, verbose=0)

    return {
        "fit" if trains else "evaluate": lambda: use(model),
        "predict": lambda: model.predict(x, batch_size=BATCH, verbose=0),
        "build and delete": build_and_delete,
    }


def native_rounds(library, backend):
    """A model's round as the framework's user would write it: what grows here is the framework's."""
    import native_training

    x, y = classification(BATCH * STEPS, WIDTHS[0], WIDTHS[-1])
    weights = arrays(compiled_mlp(library, WIDTHS))
    by_hand = native_training.native(backend, x[:BATCH])

    def build_and_delete():
        by_hand.trainer("mlp", weights, BATCH)(x, y)

    return {"build and delete": build_and_delete}


def grown(run, count):
    """Growth of memory and counts between the warm-up and the end, and the counts at intervals."""
    for _ in range(max(count // 10, 3)):
        run()
    readings = [reading()]
    for part in range(1, INTERVALS + 1):
        for _ in range(count * part // INTERVALS - count * (part - 1) // INTERVALS):
            run()
        readings.append(reading())
    first, last = readings[0], readings[-1]
    memory = last["KiB"] - first["KiB"]
    return {
        "memory, %": 100 * memory / first["KiB"],
        "KiB a round": memory / count,
        **{f"{name} a round": (last[name] - first[name]) / count for name in ("tensors", "objects")},
        **{name: [found[name] for found in readings] for name in ("tensors", "objects")},
    }


def reading():
    gc.collect()
    gc.collect()  # what a finalizer let go of
    give_back_memory()
    return {"KiB": resident(), "tensors": live_tensors(), "objects": len(gc.get_objects())}


def give_back_memory():
    """Let malloc return what it holds for later, where it can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def resident():
    """Of this process, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def live_tensors():
    """Arrays and tensors of whichever framework is loaded."""
    jax, torch, tensorflow = (sys.modules.get(name) for name in ("jax", "torch", "tensorflow"))
    kinds = [np.ndarray]
    if torch is not None:
        kinds.append(torch.Tensor)
    if tensorflow is not None:
        kinds += [tensorflow.Tensor, tensorflow.Variable, tensorflow.__internal__.EagerTensor]
    seen = sum(issubclass(type(thing), tuple(kinds)) for thing in gc.get_objects())
    return seen + (len(jax.live_arrays()) if jax is not None else 0)


def is_flat(numbers):
    memory = any(numbers[name] <= limit for name, limit in FLAT.items())
    return memory and all(numbers[f"{name} a round"] < NOISE for name in ("tensors", "objects"))


def report(title, numbers):
    flat = is_flat(numbers)
    print(f"  {title:24}{numbers['memory, %']:10.2f}{numbers['KiB a round']:14.2f}   {'flat' if flat else 'GROWS'}")
    for name in ("tensors", "objects"):
        print(f"  {'':4}{name}: {' '.join(map(str, numbers[name]))}", flush=True)
    return flat


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", choices=["kmb_core", "keras"], default="kmb_core")
    parser.add_argument("--backend", choices=measure.ALL_BACKENDS, default=os.environ.get("KMB_BACKEND") or "jax")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--native", action="store_true", help="the framework's own rounds beside them")
    parser.add_argument("--only", help="one kind of round, its numbers as JSON")
    options = parser.parse_args()
    if options.only:
        make = native_rounds if options.native else rounds
        run = make(measure.load_library(options.library, options.backend), options.backend)[options.only]
        print(json.dumps(grown(run, options.rounds)))
        return
    trains = options.backend in measure.TRAINING_BACKENDS
    print(f"leaks over {options.rounds} rounds, {options.library} – {options.backend}")
    print(f"  {'':24}{'memory, %':>10}{'KiB a round':>14}")
    flat = [
        report(kind, apart(options, kind)) for kind in ("fit" if trains else "evaluate", "predict", "build and delete")
    ]
    if options.native and trains:
        report("native, build and delete", apart(options, "build and delete", "--native"))
    print(
        f"  aim: flat (memory within {FLAT['memory, %']:g} % or {FLAT['KiB a round']:g} KiB a round; counts the same)"
    )
    sys.exit(not all(flat))


def apart(options, kind, *more):
    """The numbers of one kind of round, from a process of its own."""
    chosen = ["--library", options.library, "--backend", options.backend, "--rounds", str(options.rounds)]
    command = [sys.executable, __file__, *chosen, "--only", kind, *more]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        sys.exit(finished.stderr)
    return json.loads(finished.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
