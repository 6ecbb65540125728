"""The trainer for TensorFlow: each step is a graph that updates variables in place.

A step is traced once for a structure of batches, with an unknown batch size, and called as a concrete function: nothing
looks for a matching trace at run time. Sizes other than the batch's that turn out to vary become unknown too, so data
of many lengths ends at one trace. NumPy batches go straight in; there is no tf.data graph around them.

`jit_compile="auto"` takes XLA on a GPU and plain graphs on a CPU, where XLA makes convolutional networks 2.2 times
slower (and recurrent ones faster: there say `jit_compile=True`).
"""

import logging
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.conversion import convert
from kmb_backend_tensorflow.distribution import strategy_of
from kmb_backend_tensorflow.kernels import dense
from kmb_backend_tensorflow.replicas import Replicas, here
from kmb_backend_tensorflow.steps import Steps
from kmb_core import tree
from kmb_core.errors import CapabilityError, message
from kmb_core.settings.store import settings
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.checks import check_parts
from kmb_core.training.trainer import Batch, LogSource, Trainer

logger = logging.getLogger("kmb_backend_tensorflow")


class TensorFlowTrainer(Trainer):
    """Trains one model with tf.functions."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._steps: dict[str, Steps] = {}
        self._replicas: Replicas | None = None

    # Default steps ---------------------------------------------------------------------------------------------------

    def train_step(self, *args: Any) -> dict[str, Any]:
        """(data) → logs, after an update of weights and metrics."""
        (data,) = args
        outputs = self._train(data)
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        return self.model.compute_metrics(x, y, outputs, sample_weight)

    def test_step(self, *args: Any) -> dict[str, Any]:
        """(data) → logs, after an update of metrics."""
        (data,) = args
        outputs = self._test(data)
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        return self.model.compute_metrics(x, y, outputs, sample_weight)

    def predict_step(self, *args: Any) -> Any:
        """(data) → outputs."""
        (data,) = args
        return self._forward(unpack_x_y_sample_weight(data)[0], False)

    def _train(self, data: Any) -> Any:
        """Update the weights and the loss tracker; the outputs."""
        model = self.model
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            outputs = self._forward(x, True)
            loss = model._loss_of(x, y, outputs, sample_weight, True)
            scaled = model.optimizer.scale_loss(loss) if model.auto_scale_loss and model.optimizer is not None else loss
            replica = here.replica
            if replica is not None:
                scaled = replica.weighted(scaled)
        self._track(loss, x)
        variables = model.trainable_variables
        if variables:
            gradients = tape.gradient(scaled, [variable._value for variable in variables])
            gradients = [dense(gradient) for gradient in gradients]
            model.optimizer.apply(gradients if replica is None else replica.sums(gradients), variables)
        return outputs

    def _test(self, data: Any) -> Any:
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        outputs = self._forward(x, False)
        loss = self.model._loss_of(x, y, outputs, sample_weight, False)
        self._track(loss, x)
        return outputs

    def _forward(self, x: Any, training: bool) -> Any:
        model = self.model
        return model(x, training=training) if model._call_takes_training() else model(x)

    def _track(self, loss: Any, x: Any) -> None:
        tracker = self.model._loss_tracker
        if tracker is not None:
            tracker.update_state(loss, sample_weight=tf.shape(tree.flatten(x)[0])[0])

    # What the loop calls ---------------------------------------------------------------------------------------------

    def run_train(self, batch: Batch) -> LogSource:
        """Train on a batch."""
        steps = self._steps.get("train") or self._made("train")
        return steps.run(batch) or self.measured().results

    def run_test(self, batch: Batch) -> LogSource:
        """Evaluate on a batch."""
        steps = self._steps.get("test") or self._made("test")
        return steps.run(batch) or self.measured().results

    def run_train_alone(self, batch: Batch) -> LogSource:
        """Train on a batch, for logs of this batch alone, in one execution where the step is ours."""
        if self.model._overrides("train_step"):
            return super().run_train_alone(batch)
        return (self._steps.get("train alone") or self._made("train", alone=True)).run(batch)

    def run_test_alone(self, batch: Batch) -> LogSource:
        """Evaluate on a batch, for logs of this batch alone, in one execution where the step is ours."""
        if self.model._overrides("test_step"):
            return super().run_test_alone(batch)
        return (self._steps.get("test alone") or self._made("test", alone=True)).run(batch)

    def run_predict(self, batch: Batch) -> Any:
        """The outputs for a batch."""
        return (self._steps.get("predict") or self._made("predict")).run(batch)

    def run_train_many(self, batches: list[Batch]) -> LogSource:
        """Train on several batches, in one execution where their sizes agree."""
        return self._run_many("train", batches) or self.measured().results

    def run_test_many(self, batches: list[Batch]) -> LogSource:
        """Evaluate on several batches, in one execution where their sizes agree."""
        return self._run_many("test", batches) or self.measured().results

    def _run_many(self, mode: str, batches: list[Batch]) -> Any:
        logs: Any = None
        single = self._steps.get(mode) or self._made(mode)
        for group in _of_one_shape(batches):
            if len(group) == 1 or self.model.run_eagerly:
                for batch in group:
                    logs = single.run(batch)
            else:
                logs = (self._steps.get(f"{mode} many") or self._made(mode, many=True)).run(_stacked(group))
        return logs

    def rebuild(self) -> None:
        """Forget compiled steps."""
        super().rebuild()
        self._steps.clear()

    def check_distribution(self, distribution: Any) -> None:
        """Refuse steps and losses that parts of a batch cannot make up, and XLA."""
        check_parts(self.model)
        if self.model.jit_compile is True and strategy_of(distribution) is not None:
            what = f"model {self.model.name!r}: jit_compile=True does not go with several devices of TensorFlow"
            cause = "XLA compiles a step for one device."
            raise CapabilityError(message(what, cause, "Take jit_compile='auto' or False."))

    def follow_distribution(self) -> None:
        """Work on the devices of the distribution that is set now."""
        if self.distribution is not settings.distribution:
            super().follow_distribution()
            strategy = strategy_of(self.distribution)
            self._replicas = None if strategy is None else Replicas(self.model, strategy)

    def _move_variables(self) -> None:
        """Bring variables to the devices that they are needed on: some may have been made before."""
        model, optimizer = self.model, self.model.optimizer
        strategy = None if self._replicas is None else self._replicas.strategy
        for variable in (*model.variables, *model.metrics_variables):
            variable.follow(strategy)
        if optimizer is not None:
            for variable in optimizer.variables:
                variable.follow(strategy)
            optimizer._fused = optimizer._compiled = None  # they may hold on to what variables held

    def compile_choice(self) -> str:
        """Settle `jit_compile="auto"`; says how steps run: "eager", "graph" or "xla"."""
        model = self.model
        if model.run_eagerly:
            return "eager"
        if self._replicas is not None:  # XLA compiles for one device
            return "graph"
        if model.jit_compile == "auto":
            model.jit_compile = bool(tf.config.list_physical_devices("GPU"))
            chosen = (
                "XLA, since there is a GPU" if model.jit_compile else "plain graphs, mostly faster than XLA on a CPU"
            )
            logger.info("%s: jit_compile='auto' takes %s", model.name, chosen)
        return "xla" if model.jit_compile else "graph"

    # Making steps ----------------------------------------------------------------------------------------------------

    def _made(self, mode: str, many: bool = False, alone: bool = False) -> Steps:
        self.follow_distribution()
        self._move_variables()
        step = self._step(mode)
        if self._replicas is not None:
            step = self._replicas.joined(step, mode == "predict")
        name = f"{mode} many" if many else f"{mode} alone" if alone else mode
        step = _repeated(step) if many else self._alone(step) if alone else step
        self._steps[name] = Steps(step, self.compile_choice(), self.model)
        return self._steps[name]

    def _alone(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def alone(data: Any) -> Any:
            self.restart_metrics()
            return step(data) or self.measured().results()

        return alone

    def _step(self, mode: str) -> Callable[[Any], Any]:
        """The step to compile: the user's, or the default one without logs, which are read from the metrics."""
        model = self.model
        if mode == "predict":
            return self.own_step("predict")
        if any(map(model._overrides, (f"{mode}_step", "compute_metrics", "get_metrics_result"))):
            return self.own_step(mode)
        update = self._train if mode == "train" else self._test

        def step(data: Any) -> None:
            outputs = update(data)
            _, y, sample_weight = unpack_x_y_sample_weight(data)
            if model._compile_metrics is not None and y is not None:
                model._compile_metrics.update_state(y, outputs, sample_weight)

        return step


# Several steps in one execution --------------------------------------------------------------------------------------


def _of_one_shape(batches: list[Batch]) -> Iterator[list[Batch]]:
    """Runs of batches that can be stacked."""
    for _, group in groupby(batches, key=lambda batch: repr(tree.map_structure(_size, batch))):
        yield list(group)


def _size(x: Any) -> Any:
    return None if x is None else tuple(np.shape(x))


def _stacked(batches: list[Batch]) -> Batch:
    return tree.map_structure(_stack, *batches)


def _stack(*parts: Any) -> Any:
    if parts[0] is None:
        return None
    return np.stack(parts) if isinstance(parts[0], np.ndarray) else tf.stack([convert(part) for part in parts])


def _repeated(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The step over a leading axis, as a loop in the graph; the last step's logs."""

    def steps(batches: Any) -> Any:
        def at(index: Any) -> Any:
            return tree.map_structure(lambda x: None if x is None else x[index], batches)

        count = tf.shape(next(x for x in tree.flatten(batches) if x is not None))[0]
        logs = step(at(0))
        flat = tree.flatten(logs) if logs is not None else []

        def body(index: Any, *_: Any) -> tuple[Any, ...]:
            result = step(at(index))
            return (index + 1, *(tree.flatten(result) if result is not None else []))

        _, *last = tf.while_loop(lambda index, *_: index < count, body, (tf.constant(1), *flat), parallel_iterations=1)
        return None if logs is None else tree.pack_sequence_as(logs, last)

    return steps
