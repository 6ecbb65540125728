"""Trainer: what a backend supplies so that the one training loop can run on it.

The loop (`training/loop.py`) owns epochs, callbacks and data; a trainer owns one step: its default maths, its
compilation, where batches are put, and how state travels from step to step.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.creation import zeros
from kmb_core.settings.store import settings
from kmb_core.training.checks import check_step
from kmb_core.training.measured import Measured

LogSource = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
Batch = tuple[Any, ...]


class Trainer:
    """Base of the backends' trainers. One belongs to one model, for as long as that lives.

    A batch is a tuple (x,), (x, y) or (x, y, sample_weight) of nested NumPy arrays or native tensors. Logs are device
    scalars by name, or a function that makes them when somebody reads.
    """

    step_parameters: tuple[str, ...] = ("data",)  # what steps are given

    def __init__(self, model: Any) -> None:
        self.model = model
        self.backend = model._backend
        self._checked_steps: set[str] = set()
        self._measured: Measured | None = None
        self.distribution: Any = None  # under which the steps were made

    # Default steps: `Model.train_step` and its siblings delegate to these.

    def train_step(self, *args: Any) -> Any:
        """One step of training on one batch, in the framework's style."""
        raise NotImplementedError

    def test_step(self, *args: Any) -> Any:
        """One step of evaluation."""
        raise NotImplementedError

    def predict_step(self, *args: Any) -> Any:
        """One step of prediction."""
        raise NotImplementedError

    def own_step(self, mode: str) -> Callable[..., Any]:
        """The model's step for "train", "test" or "predict"; StepSignatureError where it takes other arguments."""
        name = f"{mode}_step"
        if mode not in self._checked_steps:
            check_step(self.model, name, self.step_parameters)
            self._checked_steps.add(mode)
        return getattr(self.model, name)

    # What the loop calls.

    def require_training(self) -> None:
        """Raise, before anything has happened, when this trainer cannot train the model or call its steps."""
        self.own_step("train")
        self.own_step("test")
        self.follow_distribution()

    def follow_distribution(self) -> None:
        """Forget steps that were made under another distribution than the one that is set now.

        Raises:
            CapabilityError: the model cannot be trained under it, with the reason.
        """
        if self.distribution is not settings.distribution:
            if settings.distribution is not None:
                self.check_distribution(settings.distribution)
            self.rebuild()
            self.distribution = settings.distribution

    def check_distribution(self, distribution: Any) -> None:
        """Raise CapabilityError where the model cannot be trained, evaluated or used under a distribution."""

    def run_train(self, batch: Batch) -> LogSource:
        """Train on a batch."""
        raise NotImplementedError

    def run_test(self, batch: Batch) -> LogSource:
        """Evaluate on a batch."""
        raise NotImplementedError

    def run_train_alone(self, batch: Batch) -> LogSource:
        """Train on a batch, for logs of this batch alone; backends with compiled steps do it in one execution."""
        self.restart_metrics()
        return self.run_train(batch)

    def run_test_alone(self, batch: Batch) -> LogSource:
        """Evaluate on a batch, for logs of this batch alone."""
        self.restart_metrics()
        return self.run_test(batch)

    def run_predict(self, batch: Batch) -> Any:
        """The outputs for a batch, on the device."""
        raise NotImplementedError

    def run_train_many(self, batches: list[Batch]) -> LogSource:
        """Train on up to `steps_per_execution` batches; backends that can do it in one execution override it."""
        logs: LogSource = {}
        for batch in batches:
            logs = self.run_train(batch)
        return logs

    def run_test_many(self, batches: list[Batch]) -> LogSource:
        """Evaluate on several batches."""
        logs: LogSource = {}
        for batch in batches:
            logs = self.run_test(batch)
        return logs

    def run_predict_many(self, batches: list[Batch]) -> list[Any]:
        """The outputs for several batches."""
        return [self.run_predict(batch) for batch in batches]

    def measured(self) -> Measured:
        """The model's metrics, listed when a loop begins and after `compile`."""
        if self._measured is None:
            self._measured = Measured(self.model)
        return self._measured

    def reset_metrics(self) -> None:
        """Start the metrics again, and list them anew."""
        self._measured = None
        self.restart_metrics()

    def restart_metrics(self) -> None:
        """Start the metrics again that were listed before."""
        self.measured().reset(self.zero)

    def zero(self, variables: list[Variable]) -> None:
        """Set variables to zero; backends that can do it in one operation override it."""
        for variable in variables:
            variable.assign(zeros(variable.shape, variable.dtype))

    def phase(self, mode: str) -> AbstractContextManager[Any]:
        """What holds around a loop of steps; `mode` is "train", "test" or "predict"."""
        self.follow_distribution()
        return nullcontext()

    def rebuild(self) -> None:
        """Forget compiled steps: the model was compiled anew, or what is trainable has changed."""
        self._measured = None

    def train_function(self) -> Callable[..., Any]:
        """What `make_train_function` hands out: a function of an iterator of batches."""
        return lambda iterator: self.run_train(next(iterator))

    def test_function(self) -> Callable[..., Any]:
        """What `make_test_function` hands out."""
        return lambda iterator: self.run_test(next(iterator))

    def predict_function(self) -> Callable[..., Any]:
        """What `make_predict_function` hands out."""
        return lambda iterator: self.run_predict(next(iterator))
