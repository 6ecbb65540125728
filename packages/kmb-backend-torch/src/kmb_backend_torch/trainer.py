"""The trainer for torch: an eager step that does what a hand-written loop does, and nothing else.

What a step needs to know (the list of parameters, which methods users override, whether weights have regularizers) is
worked out once, at the first step after `rebuild`. Metrics are updated on the device, and their results computed when
somebody reads them. With `jit_compile=True` the forward pass and the loss run under `torch.compile`; the optimizer's
fused kernel stays outside, since its step count changes with every call.
"""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from kmb_backend_torch.conversion import convert
from kmb_backend_torch.placement import placement
from kmb_backend_torch.replicas import Replicas, rows_of
from kmb_core.settings.store import settings
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.checks import check_parts
from kmb_core.training.trainer import Batch, LogSource, Trainer

logger = logging.getLogger("kmb_backend_torch")


class TorchTrainer(Trainer):
    """Trains one model with torch's autograd."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._plan: _Plan | None = None
        self._replicas: Replicas | None = None

    def rebuild(self) -> None:
        """Forget compiled steps and what is trainable."""
        super().rebuild()
        self._plan = None

    def check_distribution(self, distribution: Any) -> None:
        """Refuse steps and losses that parts of a batch cannot make up."""
        check_parts(self.model)

    def follow_distribution(self) -> None:
        """Work with the processes of the distribution that is set now."""
        if self.distribution is not settings.distribution:
            super().follow_distribution()
            replicas = None if self.distribution is None else Replicas(self.distribution)
            self._replicas = None if replicas is None or replicas.count == 1 else replicas

    def zero(self, variables: list[Any]) -> None:
        """Set variables to zero, all in one operation."""
        if variables:
            torch._foreach_zero_([variable._value for variable in variables])

    def phase(self, mode: str) -> "_Phase":
        """torch's train or eval mode, and `inference_mode` where nothing is trained."""
        if self.distribution is not settings.distribution:  # asked here: a call costs more
            self.follow_distribution()
        return _Phase(self.model, mode)

    # Default steps ---------------------------------------------------------------------------------------------------

    def train_step(self, *args: Any) -> Any:
        """One step of training on `data`; returns the logs."""
        return self._train(*unpack_x_y_sample_weight(args[0])) or self.model.get_metrics_result()

    def test_step(self, *args: Any) -> Any:
        """One step of evaluation on `data`; returns the logs."""
        return self._test(*unpack_x_y_sample_weight(args[0])) or self.model.get_metrics_result()

    def predict_step(self, *args: Any) -> Any:
        """The outputs for `data`."""
        return self._planned().forward(unpack_x_y_sample_weight(args[0])[0], False)

    # What the loop calls ---------------------------------------------------------------------------------------------

    def run_train(self, batch: Batch) -> LogSource:
        """Train on a batch."""
        plan = self._plan or self._planned()
        if self._replicas is not None:
            return self._run_part(plan, self._replicas, self._train, batch)
        data = placed(batch)
        if plan.own_train_step:
            return self.own_step("train")(data)
        return self._train(*data, *_MISSING[len(data)]) or self.measured().results

    def run_test(self, batch: Batch) -> LogSource:
        """Evaluate on a batch."""
        plan = self._plan or self._planned()
        if self._replicas is not None:
            return self._run_part(plan, self._replicas, self._test, batch)
        data = placed(batch)
        if plan.own_test_step:
            return self.own_step("test")(data)
        return self._test(*data, *_MISSING[len(data)]) or self.measured().results

    def run_predict(self, batch: Batch) -> Any:
        """The outputs for a batch."""
        plan = self._plan or self._planned()
        replicas = self._replicas
        data = placed(batch if replicas is None else replicas.part(batch))
        outputs = self.own_step("predict")(data) if plan.own_predict_step else plan.forward(data[0], False)
        return outputs if replicas is None else replicas.gathered(outputs, rows_of(batch))

    def _run_part(self, plan: "_Plan", replicas: Replicas, step: Callable[..., Any], batch: Batch) -> LogSource:
        """Run a step on this process's part of a batch, and join with the others what it has changed."""
        if plan.measuring is None:
            plan.list_state()
            replicas.same_state(plan.state())
        data = placed(replicas.part(batch))
        before = [variable._value.clone() for variable in plan.measuring]
        versions = [variable._value._version for variable in plan.statistics]
        Replicas.training = replicas
        try:
            step(*data, *_MISSING[len(data)])
        finally:
            Replicas.training = None
        with torch.no_grad():
            replicas.add_up(plan.measuring, before)
            moved = zip(plan.statistics, versions, strict=True)
            replicas.average([variable for variable, version in moved if variable._value._version != version])
        return self.measured().results

    # The steps themselves --------------------------------------------------------------------------------------------

    def _planned(self) -> "_Plan":
        if self._plan is None:
            if self.model.jit_compile == "auto":
                self.compile_choice()
            self._plan = _Plan(self.model)
        return self._plan

    def _train(self, x: Any, y: Any, sample_weight: Any) -> Any:
        """Update weights and metrics; the logs where the user's class makes them, else None."""
        plan = self._plan or self._planned()
        optimizer = self.model.optimizer
        variables = plan.trainable_variables()
        for variable in variables:
            variable._value.grad = None
        outputs, loss = plan.loss(x, y, sample_weight, True)
        plan.track(loss, x)
        scaled = optimizer.scale_loss(loss) if self.model.auto_scale_loss else loss
        replicas = self._replicas
        if replicas is not None:
            scaled = scaled * replicas.share
        if variables:
            if scaled.requires_grad:  # else the optimizer says that the loss depends on no variable
                scaled.backward()
            gradients = [variable._value.grad for variable in variables]
            with torch.no_grad():
                optimizer.apply(gradients if replicas is None else replicas.summed(gradients), variables)
            for variable in variables:
                variable._value.grad = None  # its memory is free for the next forward pass
        return plan.measure(x, y, outputs, sample_weight)

    def _test(self, x: Any, y: Any, sample_weight: Any) -> Any:
        plan = self._plan or self._planned()
        outputs, loss = plan.loss(x, y, sample_weight, False)
        if loss is not None:
            plan.track(loss, x)
        return plan.measure(x, y, outputs, sample_weight)

    def compile_choice(self) -> str:
        """What "auto" means for the model; settled and said once, at its first step."""
        self.model.jit_compile = False
        logger.info(
            "model %s: jit_compile='auto' runs eagerly: compiling takes seconds and rarely gains them back",
            self.model.name,
        )
        return "eager"


_MISSING: dict[int, tuple[None, ...]] = {1: (None, None), 2: (None,), 3: ()}


class _Plan:
    """What steps need to know of a model, worked out once."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.takes_training = model._call_takes_training()
        self.own_train_step = model._overrides("train_step")
        self.own_test_step = model._overrides("test_step")
        self.own_predict_step = model._overrides("predict_step")
        self.own_loss = model._overrides("compute_loss")
        self.own_metrics = model._overrides("compute_metrics")
        self._variables: list[Any] | None = None
        self._regularized: list[Any] = []
        self._layers: list[Any] = []
        self.measuring: list[Any] | None = None  # variables of metrics, listed for replicas
        self.statistics: list[Any] = []
        self.loss: Callable[..., Any] = self._loss
        self.forward: Callable[..., Any] = self._forward
        if model.jit_compile is True and not model.run_eagerly:
            self.loss, self.forward = torch.compile(self._loss), torch.compile(self._forward)

    def trainable_variables(self) -> list[Any]:
        """The model's trainable variables, listed once; what becomes trainable later needs another `compile`."""
        if self._variables is None:
            self._variables = self.model.trainable_variables
            self._regularized = [variable for variable in self._variables if variable.regularizer is not None]
            self._layers = self.model._flatten_layers()
        return self._variables

    def list_state(self) -> None:
        """List what steps change besides the weights: metrics, and the layers' statistics."""
        self.measuring = self.model.metrics_variables
        known = {id(variable) for variable in self.measuring}
        others = self.model.non_trainable_variables
        self.statistics = [v for v in others if v._value.is_floating_point() and id(v) not in known]

    def state(self) -> list[Any]:
        """All variables that processes have in common when they begin."""
        optimizer = self.model.optimizer
        return [*self.model.variables, *([] if optimizer is None else optimizer.variables)]

    def _forward(self, x: Any, training: bool) -> Any:
        return self.model(x, training=training) if self.takes_training else self.model(x)

    def _loss(self, x: Any, y: Any, sample_weight: Any, training: bool) -> tuple[Any, Any]:
        self.trainable_variables()
        outputs = self._forward(x, training)
        compiled = self.model._compile_loss
        if self.own_loss or y is None or compiled is None:
            return outputs, self.model._loss_of(x, y, outputs, sample_weight, training)
        loss = compiled(y, outputs, sample_weight)  # from here on what `compute_loss` does, on layers that are known
        if self.model._adds_losses():
            for layer in self._layers:
                for added in layer._losses:
                    loss = loss + added
        for variable in self._regularized:
            loss = loss + variable.regularizer(variable)
        return outputs, loss

    def track(self, loss: torch.Tensor, x: Any) -> None:
        """Add a batch's loss to the running mean, weighted by the number of samples."""
        tracker = self.model._loss_tracker
        if tracker is None:
            return
        first = x if isinstance(x, torch.Tensor) else pytree.tree_leaves(x)[0]
        shape = first.shape
        tracker.update_state(loss.detach(), shape[0] if shape else 1)

    def measure(self, x: Any, y: Any, outputs: Any, sample_weight: Any) -> Any:
        """Update the metrics with a batch; the logs where the user's class makes them, else None."""
        if self.own_metrics:
            return self.model.compute_metrics(x, y, outputs, sample_weight)
        metrics = self.model._compile_metrics
        if metrics is not None and y is not None:
            with torch.no_grad():
                metrics.update_state(y, outputs, sample_weight)
        return None


class _Phase:
    """Around a loop of steps: every module's `training`, and no autograd where nothing is trained."""

    __slots__ = ("_inference", "_model", "_training")

    def __init__(self, model: Any, mode: str) -> None:
        self._model = model
        self._training = mode == "train"
        self._inference = None if self._training else torch.inference_mode()

    def __enter__(self) -> None:
        if self._model.training is not self._training:
            for module in self._model.modules():
                module.__dict__["training"] = self._training  # not train(): that is the user's to say
        if self._inference is not None:
            self._inference.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._inference is not None:
            self._inference.__exit__(*error)


def placed(batch: Batch) -> Batch:
    """A batch as tensors on the current device, without a copy where memory can be shared."""
    return tuple([_tensor(part) if part.__class__ is np.ndarray else _nested(part) for part in batch])


def _tensor(x: np.ndarray) -> torch.Tensor:
    try:
        tensor = torch.from_numpy(x) if x.flags.writeable and x.dtype.kind in "fiub" else convert(x)
    except ValueError:  # torch has no negative strides and no foreign byte order; `convert` copies
        tensor = convert(x)
    device = placement.device
    return tensor if device.type == "cpu" else tensor.to(device, non_blocking=True)


def _nested(part: Any) -> Any:
    if part is None:
        return None
    if isinstance(part, torch.Tensor):
        device = placement.device
        return part if part.device.type == device.type else part.to(device, non_blocking=True)
    return pytree.tree_map(lambda x: _tensor(x) if x.__class__ is np.ndarray else _nested_leaf(x), part)


def _nested_leaf(x: Any) -> Any:
    return x if x is None or isinstance(x, str) else convert(x).to(placement.device)
