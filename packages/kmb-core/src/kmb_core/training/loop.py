"""The training loop: the only one.

It owns epochs, validation, callbacks and history. Each batch goes to the trainer as it comes from the data adapter;
logs stay on the device until a callback reads them.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from kmb_core import settings, tree
from kmb_core.backend import use_backend
from kmb_core.data import DEFAULT_BATCH_SIZE, make_adapter, train_validation_split
from kmb_core.data.read_ahead import ReadAhead
from kmb_core.errors import StructureError, message
from kmb_core.plugins import collected
from kmb_core.settings.store import settings as stored
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.callbacks import CallbackList
from kmb_core.training.checks import check_fit, check_numbers, require_compiled, require_numbers, require_optimizer
from kmb_core.training.class_numbers import check_class_numbers, checked_class_numbers
from kmb_core.training.logs import Logs
from kmb_core.training.position import Position
from kmb_core.training.preparation import check_accepted, prepare


class Fit:
    """The arguments of `Model.fit`, and their run."""

    def __init__(self, model: Any, **arguments: Any) -> None:
        self.model = model
        self.trainer = model.trainer
        for name, value in arguments.items():
            setattr(self, name, value)
        self.steps_per_execution = model.steps_per_execution
        self.validation_reader: ReadAhead | None = None

    def check(self) -> None:
        """Refuse what can be refused before anything is read."""
        model = self.model
        require_compiled(model, "fit")
        self.trainer.require_training()
        require_optimizer(model, "fit")
        require_numbers(model, "fit")
        check_fit(self)

    def run(self) -> Any:
        """Train; returns the History."""
        self.check()
        model = self.model
        with self.scope():
            source = self.adapters()
            position = Position(source, model._backend.kernels, self.initial_epoch, reader_of(model, source))
            adapter = prepare(model, source)
            self.check_targets()
            callbacks = self._callbacks(adapter)
            callbacks.set_position(position)
            model.stop_training = False
            logs: dict[str, Any] = {}
            try:
                callbacks.on_train_begin()
                adapter = position.adapter(adapter)
                if position.batch == 0:
                    position.restore_once()
                for epoch in range(position.epoch, self.epochs):
                    if model.stop_training:
                        break
                    logs = self._epoch(adapter, callbacks, epoch, position)
            finally:
                self.close(adapter)
                callbacks.leave_run()
            if logs:
                model.optimizer.finalize_variable_values(model.trainable_variables)
            callbacks.on_train_end(logs)
        return model.history

    def scope(self) -> AbstractContextManager[Any]:
        """What holds around all of it."""
        return use_backend(self.model._backend)

    def close(self, adapter: Any) -> None:
        """Release what the data holds; None where there is no adapter yet."""
        for one in (adapter, self.__dict__.get("_validation_adapter")):
            if one is not None:
                one.close()
        forget_losses(self.model)

    def adapters(self) -> Any:
        """The adapter of the training data; what it leaves for validation becomes the validation data."""
        x, y, sample_weight = self.x, self.y, self.sample_weight
        if self.validation_split and self.validation_data is None:
            (x, y, sample_weight), self.validation_data = train_validation_split(
                (x, y, sample_weight), self.validation_split
            )
        limit = settings.max_epochs()
        self.epochs = self.epochs if limit is None else min(self.epochs, limit)
        return adapt(
            self.model,
            x,
            y,
            sample_weight,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            class_weight=self.class_weight,
            steps=self.steps_per_epoch,
        )

    def _callbacks(self, adapter: Any) -> CallbackList:
        callbacks = self.callbacks
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=self.verbose != 0,
                model=self.model,
                verbose=self.verbose,
                epochs=self.epochs,
                steps=step_count(adapter, self.steps_per_epoch),
                batch_size=adapter.batch_size,
            )
        return callbacks

    def _epoch(self, adapter: Any, callbacks: CallbackList, epoch: int, position: Position) -> dict[str, Any]:
        trainer, model = self.trainer, self.model
        trainer.reset_metrics()
        if position.restore is None:
            position.begin(epoch)
        adapter.on_epoch_begin()
        callbacks.on_epoch_begin(epoch)
        begun, position.batch = position.batch, 0
        with trainer.phase("train"):
            logs = run_steps(
                adapter,
                trainer.run_train,
                trainer.run_train_many,
                self.steps_per_execution,
                callbacks.on_train_batch_begin,
                callbacks.on_train_batch_end,
                model,
                "stop_training",
                self.steps_per_epoch,
                stream=self.y is None,
                passed=begun,
                restore=position.restore_once,
                reader=position.reader,
            )
        adapter.on_epoch_end()
        epoch_logs = dict(logs)
        if self._validates(epoch):
            epoch_logs |= self._validate(callbacks)
        callbacks.on_epoch_end(epoch, epoch_logs)
        return epoch_logs

    def check_targets(self) -> None:
        """Look at all arrays, those of the validation data too, before the first epoch, not after it."""
        check_class_numbers(self.model, self.y)
        if isinstance(self.validation_data, (tuple, list)):
            x, y, _ = unpack_x_y_sample_weight(self.validation_data)
            check_class_numbers(self.model, y)
            if _is_plain(x):
                self.validation_adapter()
                if _sizes(x) not in (_sizes(self.x), [None]):
                    check_accepted(self.model, (x,))

    def _validates(self, epoch: int) -> bool:
        if self.validation_data is None:
            return False
        if isinstance(self.validation_freq, (list, tuple, set)):
            return epoch + 1 in self.validation_freq
        return (epoch + 1) % self.validation_freq == 0

    def _validate(self, callbacks: CallbackList) -> dict[str, Any]:
        stream = not isinstance(self.validation_data, (tuple, list))
        adapter = self.validation_adapter()
        self.validation_reader = self.validation_reader or reader_of(self.model, adapter)
        logs = evaluate_steps(self.model, adapter, callbacks, self.validation_steps, stream, self.validation_reader)
        return {f"val_{name}": value for name, value in logs.items()}

    def validation_adapter(self) -> Any:
        """The adapter of the validation data, kept for later epochs unless a generator is read on."""
        data = self.validation_data
        x, y, weight = unpack_x_y_sample_weight(data) if isinstance(data, (tuple, list)) else (data, None, None)
        adapter = self.__dict__.get("_validation_adapter")
        if adapter is None:
            batch_size = self.validation_batch_size or self.batch_size
            adapter = adapt(self.model, x, y, weight, batch_size=batch_size, steps=self.validation_steps)
            self._validation_adapter = adapter if x.__class__.__name__ != "generator" else None
        return adapter


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    batch_size: int | None,
    steps: int | None,
    callbacks: Any,
    verbose: Any,
) -> dict[str, Any]:
    """The metrics over all batches."""
    require_compiled(model, "evaluate")
    require_numbers(model, "evaluate")
    with use_backend(model._backend):
        adapter = prepare(model, adapt(model, x, y, sample_weight, batch_size=batch_size, steps=steps), training=False)
        check_class_numbers(model, y)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                model=model,
                verbose=verbose,
                epochs=1,
                steps=step_count(adapter, steps),
            )
        try:
            return evaluate_steps(model, adapter, callbacks, steps, y is None, reader_of(model, adapter))
        finally:
            adapter.close()
            forget_losses(model)


def evaluate_steps(
    model: Any, adapter: Any, callbacks: CallbackList, steps: int | None, stream: bool, reader: ReadAhead
) -> dict[str, Any]:
    """One pass of evaluation; used by `evaluate` and for validation inside `fit`."""
    trainer = model.trainer
    model.stop_evaluating = False
    callbacks.on_test_begin()
    trainer.reset_metrics()
    with trainer.phase("test"):
        logs = run_steps(
            adapter,
            trainer.run_test,
            trainer.run_test_many,
            model.steps_per_execution,
            callbacks.on_test_batch_begin,
            callbacks.on_test_batch_end,
            model,
            "stop_evaluating",
            steps,
            stream,
            reader=reader,
        )
    result = dict(logs)
    callbacks.on_test_end(result)
    return result


def predict(model: Any, x: Any, batch_size: int | None, steps: int | None, callbacks: Any, verbose: Any) -> Any:
    """The outputs for all batches, joined on the host."""
    if verbose == 0 and not callbacks and steps is None and _is_one_batch(x, batch_size):
        return model.predict_on_batch(x)  # there is nothing to loop over, to show or to call back
    with use_backend(model._backend):
        adapter = prepare(
            model, adapt(model, x, None, None, batch_size=batch_size, steps=steps), training=False, losses=False
        )
        trainer = model.trainer
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                model=model,
                verbose=verbose,
                epochs=1,
                steps=step_count(adapter, steps),
            )
        model.stop_predicting = False
        callbacks.on_predict_begin()
        parts = []
        reader = reader_of(model, adapter)
        run = model._outputs_of_text if model._reads_text else trainer.run_predict
        try:
            with trainer.phase("predict"):
                for step, batch in enumerate(reader.read(_limited(adapter, steps))):
                    callbacks.on_predict_batch_begin(step)
                    outputs = run(batch)
                    parts.append(outputs)
                    callbacks.on_predict_batch_end(step, {"outputs": outputs})
                    if model.stop_predicting:
                        break
        finally:
            reader.close()
            adapter.close()
            forget_losses(model)
        callbacks.on_predict_end()
        return joined(model, parts)


def forget_losses(model: Any) -> None:
    """Let go of what layers added in the last step: tensors of a trace, or of gradients that hold its activations."""
    if model._adds_losses():
        model._clear_losses()


def _is_one_batch(x: Any, batch_size: int | None) -> bool:
    """Whether x is an array that needs no preparation and fits into a batch."""
    if x.__class__ is not np.ndarray or x.ndim == 0 or settings.max_steps_per_epoch() is not None:
        return False
    if x.dtype.kind not in "iub" and x.dtype.name != settings.floatx():
        return False
    return 0 < len(x) <= (DEFAULT_BATCH_SIZE if batch_size is None else batch_size)


def joined(model: Any, parts: list[Any]) -> Any:
    """Batches of outputs as one structure of NumPy arrays."""
    if not parts:
        raise StructureError(message(f"predict on {model.name!r}: the data gave no batch", "It is empty.", None))
    to_numpy = model._backend.to_numpy
    if not tree.is_nested(parts[0]):
        arrays = [to_numpy(part) for part in parts]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    columns = zip(*[tree.flatten(part) for part in parts], strict=True)
    return tree.pack_sequence_as(parts[0], [np.concatenate([to_numpy(item) for item in column]) for column in columns])


def run_steps(
    adapter: Any,
    run: Callable[[Any], Any],
    run_many: Callable[[list[Any]], Any],
    steps_per_execution: int,
    on_begin: Callable[..., None],
    on_end: Callable[..., None],
    model: Any,
    stops: str,
    steps: int | None,
    stream: bool,
    passed: int = 0,
    restore: Callable[[], None] | None = None,
    *,
    reader: ReadAhead,
) -> Any:
    """One pass over the adapter; the last logs, read only if somebody does. A stream's targets nobody has seen yet.

    `passed` batches were trained on before, in another process; `restore` is called where they end.
    """
    logs: Logs | dict[str, Any] = {}
    step = passed
    order = model.trainer.measured().log_names()
    batches = _limited(adapter, steps)
    batches = checked_class_numbers(model, batches) if stream else batches
    if passed:
        for _ in zip(range(passed), batches, strict=False):
            pass
        restore()  # type: ignore[misc]  # given with `passed`
        logs = Logs(model.trainer.measured().results, order)
    batches = reader.read(batches)
    try:
        if steps_per_execution == 1:
            for batch in batches:
                on_begin(step)
                logs = Logs(run(batch), order)
                on_end(step, logs)
                step += 1
                if getattr(model, stops):
                    break
        else:
            for group in _groups(batches, steps_per_execution):
                on_begin(step)
                logs = Logs(run_many(group), order)
                step += len(group)
                on_end(step - 1, logs)
                if getattr(model, stops):
                    break
    finally:
        reader.close()
    if step == 0:
        raise StructureError(message("the data gave no batch", "It is empty, or a generator that was used up.", None))
    return logs


def _limited(adapter: Any, steps: int | None) -> Iterator[Any]:
    """The batches of an epoch; the adapter itself ends after `steps` where it was given."""
    limit = settings.max_steps_per_epoch()
    if limit is None:
        return adapter.batches()
    return itertools.islice(adapter.batches(), limit)


def reader_of(model: Any, adapter: Any) -> ReadAhead:
    """What reads the passes over an adapter. One that reads ahead by itself needs no thread in front of it."""
    allowed = not (getattr(adapter, "reads_ahead", False) or model.run_eagerly)
    return ReadAhead(model._backend, model.steps_per_execution, allowed)


def _groups(batches: Iterator[Any], size: int) -> Iterator[list[Any]]:
    group: list[Any] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def step_count(adapter: Any, steps: int | None) -> int | None:
    """Number of batches in an epoch as far as it is known."""
    count = adapter.num_batches if steps is None else steps
    limit = settings.max_steps_per_epoch()
    return count if limit is None else limit if count is None else min(count, limit)


def adapt(model: Any, x: Any, y: Any, sample_weight: Any, **options: Any) -> Any:
    """The data adapter for what the user gave."""
    check_numbers(model, x, y, sample_weight)
    plugins = () if _is_plain(x) else _plugin_adapters(model)
    if stored.distribution is not None:
        options["seed"] = _agreed_seed(model)
    return make_adapter(x, y, sample_weight, plugin_adapters=plugins, backend=model._backend, **options)


def _agreed_seed(model: Any) -> int:
    """A seed for the order of samples that all processes have: each takes its own part of the same batches."""
    seed = random.getrandbits(64)
    agreed = model._backend.kernels.get("agreed_number")
    return seed if agreed is None else agreed(seed)


def _sizes(x: Any) -> list[Any]:
    """The sizes of samples, in flat order; [None] where something is no array."""
    shapes = [getattr(part, "shape", None) for part in tree.flatten(x)]
    return [None] if None in shapes else [tuple(shape[1:]) for shape in shapes if shape is not None]


def _is_plain(x: Any) -> bool:
    return isinstance(x, (np.ndarray, list, tuple, dict))


def _plugin_adapters(model: Any) -> tuple[Any, ...]:
    return tuple(a for adapters in collected(model._backend, "kmb_data_adapters") for a in adapters)
