"""`fit(dry_run=True)`: one batch through everything that `fit` would do with it, and all state as it was before.

The real steps run, compiled as they will be, so what they would stumble over is found here; variables and random
states are copied to the host before and set back after. Building is not taken back: `fit` would do it in the same way.
"""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kmb_core import settings, tree
from kmb_core.data.structure import take_apart
from kmb_core.random.states import random_state, set_random_state
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.callbacks.run_state import run_variables, seed_generators
from kmb_core.training.class_numbers import checked_class_numbers
from kmb_core.training.dry_run_report import DryRun, Part, Passed
from kmb_core.training.logs import Logs
from kmb_core.training.memory import peak_memory
from kmb_core.training.output_parts import output_names
from kmb_core.training.preparation import outputs_for, prepare

logger = logging.getLogger("kmb_core")


def dry_run(fit: Any) -> DryRun:
    """Run one batch of training and one of validation.

    Args:
        fit: the `Fit` that would do all of it.

    Returns:
        The report, which was printed unless `verbose` is 0.
    """
    fit.check()
    model = fit.model
    kernels = model._backend.kernels
    before = random_state(kernels)
    with fit.scope():
        adapter = None
        try:
            adapter = prepare(model, fit.adapters())
            fit.check_targets()
            # What building has drawn stays drawn: `fit` will find the model built.
            before["seed"] = random_state(kernels)["seed"]
            with _kept(model):
                report = _report(fit, adapter)
        finally:
            set_random_state(kernels, before)
            fit.close(adapter)
    if fit.verbose != 0:
        _print(report)
    return report


def _report(fit: Any, adapter: Any) -> DryRun:
    model = fit.model
    training = _passed(model, adapter, "train", fit.y is None)
    validation = None
    if fit.validation_data is not None:
        data = fit.validation_data
        validation = _passed(model, fit.validation_adapter(), "test", not isinstance(data, (tuple, list)))
    return DryRun(
        model=model.name,
        backend=model._backend.name,
        training=training,
        validation=validation,
        memory=_memory(model),
        device_peak=_device_peak(model),
        process_peak=peak_memory(),
        taken_from=[
            type(source).__name__
            for source in (fit.x, fit.validation_data)
            if source is not None and _runs_once(source)
        ],
    )


def _passed(model: Any, adapter: Any, mode: str, stream: bool) -> Passed:
    """One batch through the step of a mode."""
    trainer = model.trainer
    batches = adapter.batches()
    batch = next(checked_class_numbers(model, batches) if stream else iter(batches))
    parts = _parts(model, batch)
    trainer.reset_metrics()
    begun = time.perf_counter()
    with trainer.phase(mode):
        source = trainer.run_train(batch) if mode == "train" else trainer.run_test(batch)
        logs = Logs(source, trainer.measured().log_names()).copy()
    return Passed(parts, logs, time.perf_counter() - begun)


def _parts(model: Any, batch: Any) -> list[Part]:
    """Shapes and dtypes of a batch, and of what the model makes of it."""
    x, y, sample_weight = unpack_x_y_sample_weight(batch)
    given = [("x", x), ("y", y), ("sample_weight", sample_weight)]
    parts = [Part.of(leaf.path, leaf.value) for name, part in given if part is not None for leaf in _leaves(part, name)]
    outputs = outputs_for(model, x)
    names = output_names(outputs, model.output_names)
    flat = tree.flatten(outputs)
    return parts + [Part.of(f"output {name!r}", value) for name, value in zip(names, flat, strict=True)]


def _leaves(part: Any, name: str) -> list[Any]:
    return [leaf for leaf in take_apart(part, name)[0] if leaf.value is not None]


def _runs_once(source: Any) -> bool:
    return hasattr(source, "__next__")


def _memory(model: Any) -> dict[str, int]:
    """Bytes by what they are for."""
    optimizer = model.optimizer.variables if model.optimizer is not None else []
    groups = {"weights": model.weights, "gradients": model.trainable_weights, "optimizer": optimizer}
    return {name: sum(map(_bytes, variables)) for name, variables in groups.items()}


def _bytes(variable: Any) -> int:
    return math.prod(variable.shape) * np.dtype(variable.numpy().dtype).itemsize


def _device_peak(model: Any) -> int | None:
    kernel = model._backend.kernels.get("peak_memory")
    return None if kernel is None else kernel()


def _print(report: DryRun) -> None:
    if not settings.is_interactive_logging_enabled():
        logger.info("%s", report)
        return
    from rich.console import Console  # 60 ms: imported when a table is drawn

    Console().print(report)


@contextmanager
def _kept(model: Any) -> Iterator[None]:
    """Set all variables, and the generators that a framework keeps for layers, back in the end."""
    variables = run_variables(model)
    values = [np.array(variable.numpy()) for variable in variables]  # a copy: some frameworks share their memory
    generators, kernels = list(seed_generators(model)), model._backend.kernels
    states = kernels["generator_states"](generators) if "generator_states" in kernels else None
    try:
        yield
    finally:
        model.trainer.reset_metrics()  # some may be new
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if states is not None:
            kernels["set_generator_states"](generators, states)
