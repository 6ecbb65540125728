"""The measuring process: one backend, one way of running, one model. `python -m kmb_core.comparison.measuring FOLDER`.

`benchmark` starts it afresh for each, so that neither the memory nor the threads of one framework are in the way of
another. The folder holds `request.json` and perhaps `data.pickle`, written a moment ago by the parent process; the
answer is written there as `result.json`.
"""

import importlib
import json
import math
import pickle
import runpy
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kmb_core import saving, tree
from kmb_core.backend import use_backend
from kmb_core.comparison.synthetic import batch_like
from kmb_core.plugins import Capability, load_backend
from kmb_core.training.memory import peak_memory

FEWEST, MOST = 3, 1000  # rounds that are timed


def main(folder: str) -> None:
    """Measure what the folder's request asks for."""
    place = Path(folder)
    request = json.loads((place / "request.json").read_text())
    result = measured(request, place)
    (place / "result.json").write_text(json.dumps(result))


def measured(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Speed, memory and time of compilation of one model on one backend.

    Args:
        request: what `benchmark` writes.
        folder: where the data lies.
    """
    begun = time.perf_counter()
    backend = load_backend(request["backend"])
    loaded = time.perf_counter() - begun
    with use_backend(backend):
        model = saving.read_model(request["model"], custom_objects=_own_objects(request))
        way = _set_way(model, request["way"])
        x, y, size = _data(model, request, folder)
        found: dict[str, Any] = {"way": way, "load_seconds": loaded, "batch_size": size}
        found["jit_compile"] = model.jit_compile is True
        found["inference"] = _timed(lambda rows: _predict(model, x, rows, size), _length(x), size, request["seconds"])
        found["training"], found["training_refused"] = None, _training_refused(model, y)
        if not found["training_refused"]:
            found["training"] = _timed(lambda rows: _fit(model, x, y, rows, size), _length(x), size, request["seconds"])
    peak = peak_memory()
    return found | {"peak_megabytes": None if peak is None else peak / 1e6}


# What is measured ------------------------------------------------------------------------------------------------


def _own_objects(request: dict[str, Any]) -> dict[str, Any]:
    """The user's classes and functions, imported from where they are defined."""
    main_module = runpy.run_path(request["main"], run_name="__mp_main__") if request["main"] else {}
    found = {}
    for module, name in request["objects"]:
        space = main_module if module == "__main__" else vars(importlib.import_module(module))
        found[name] = space[name]
    return found


def _set_way(model: Any, way: str) -> str:
    """Let the model run in a way; returns how the backend calls it."""
    if way == "eager":
        model.run_eagerly = True
        return "eager"
    model.jit_compile = "auto" if way == "compiled" else True
    choose = getattr(model.trainer, "compile_choice", None)
    choice = choose() if choose is not None else "compiled"
    if choice == "eager":  # "auto" compiles nothing here
        model.jit_compile = True
        choice = "compiled"
    model.trainer.rebuild()
    return choice


def _data(model: Any, request: dict[str, Any], folder: Path) -> tuple[Any, Any, int]:
    size = request["batch_size"]
    if request["has_data"]:
        x, y = pickle.loads((folder / "data.pickle").read_bytes())  # noqa: S301 - the parent wrote it a moment ago
        return x, y, min(size, _length(x))
    x, y = batch_like(model, size, request["length"])
    return x, y, size


def _length(x: Any) -> int:
    return len(tree.flatten(x)[0])


def _first(x: Any, rows: int) -> Any:
    return None if x is None else tree.map_structure(lambda array: _enough(array, rows), x)


def _enough(array: np.ndarray, rows: int) -> np.ndarray:
    """The first rows; begun again where there are too few, so that whole batches can be timed."""
    return array[:rows] if rows <= len(array) else np.resize(array, (rows, *array.shape[1:]))


def _training_refused(model: Any, y: Any) -> str:
    if not model.compiled or model.optimizer is None:
        return "the model is not compiled with an optimizer"
    if model.loss is not None and y is None:
        return "there are no targets"
    if not model._backend.supports(Capability.GRADIENTS) and not model._overrides("train_step"):
        return "no gradients"
    return ""


def _predict(model: Any, x: Any, rows: int, size: int) -> None:
    model.predict(_first(x, rows), batch_size=size, verbose=0)


def _fit(model: Any, x: Any, y: Any, rows: int, size: int) -> None:
    model.fit(_first(x, rows), _first(y, rows), batch_size=size, epochs=1, shuffle=False, verbose=0)


# Measuring -------------------------------------------------------------------------------------------------------


def _timed(run: Callable[[int], None], length: int, size: int, seconds: float) -> dict[str, float]:
    """Samples per second of `run(rows)`, and how much longer the first call takes than a later one."""
    first = _seconds(lambda: run(size))
    run(size)  # caches, and what a framework does at its second call
    single = min(_seconds(lambda: run(size)) for _ in range(2))
    rows = size * max(1, min(length // size or 1, 64, math.ceil(seconds / 5 / max(single, 1e-6))))
    taken = []
    while len(taken) < FEWEST or (sum(taken) < seconds and len(taken) < MOST):
        taken.append(_seconds(lambda: run(rows)))
    median = statistics.median(taken)
    return {
        "samples_per_second": rows / median,
        "milliseconds_per_step": 1e3 * median * size / rows,
        "compile_seconds": max(0.0, first - single),
    }


def _seconds(function: Callable[[], None]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(sys.argv[1])
