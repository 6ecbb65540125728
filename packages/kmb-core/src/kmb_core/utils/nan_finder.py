"""Where a NaN comes from: the data, a weight, a layer and the op in it, the loss, or a gradient."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import StatelessScope, use_backend
from kmb_core.plugins import Capability
from kmb_core.training.batches import pack_x_y_sample_weight
from kmb_core.training.preparation import prepare_for


@dataclass(frozen=True)
class NanOrigin:
    """The first place where a value is not a number.

    Attributes:
        stage: "inputs", "weights", "forward", "loss" or "gradients".
        where: the array, the weight's path or the layer's path.
        op: the first op that made a NaN of numbers; None where no op of `kmb_core.ops` did.
        inputs: the least and the greatest value of each tensor that went in, with how many are infinite.
    """

    stage: str
    where: str
    op: str | None = None
    inputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"the first NaN is in the {self.stage}, at {self.where}"
        text += f", made by ops.{self.op}" if self.op else ""
        return f"{text}, of {'; '.join(self.inputs)}" if self.inputs else text


def find_nan(model: Any, x: Any, y: Any = None, sample_weight: Any = None) -> NanOrigin | None:
    """Run one step of a model eagerly, and say where the first NaN comes from.

    The data and the weights are looked at first, then each layer and op in the order in which they run in training,
    then the loss, then the gradients. Nothing is changed: statistics and metrics keep their values. While it runs, the
    ops of the model's backend are watched in all threads.

    Args:
        model: a model or layer; compiled, for the loss and the gradients.
        x: inputs of one batch.
        y: targets; without them the run ends with the outputs.
        sample_weight: weights of the samples.

    Returns:
        The place, or None where all values are numbers. A loss that is infinite counts too.

    Example:
        >>> import numpy
        >>> import kmb_core
        >>> model = kmb_core.Sequential([kmb_core.layers.Lambda(kmb_core.ops.log, name="logarithm")])
        >>> str(kmb_core.utils.find_nan(model, numpy.array([[1.0, -1.0]])))
        'the first NaN is in the forward, at logarithm, made by ops.log, of values from -1 to 1'
    """
    with use_backend(model._backend):
        return _Search(model, pack_x_y_sample_weight(x, y, sample_weight)).origin()


class _Search:
    def __init__(self, model: Any, batch: Any) -> None:
        self.model, self.backend = model, model._backend
        self.batch = batch if isinstance(batch, tuple) else (batch,)
        self.path: list[str] = []
        self.op: tuple[str, tuple[str, ...]] | None = None
        self.found: NanOrigin | None = None

    def origin(self) -> NanOrigin | None:
        found = self._in_data()
        if found is None:
            self._prepare()
            found = self._in_weights() or self._in_forward() or self._in_gradients()
        return found

    def _prepare(self) -> None:
        if hasattr(self.model, "trainer"):
            prepare_for(self.model, self.batch, training=False, losses=self._has_loss())
        elif not self.model.built:
            with StatelessScope():
                self.model(self.batch[0])

    def _has_loss(self) -> bool:
        return len(self.batch) > 1 and getattr(self.model, "compiled", False)

    def _in_data(self) -> NanOrigin | None:
        for name, part in zip(("x", "y", "sample_weight"), self.batch, strict=False):
            if any(self._is_nan(leaf) for leaf in tree.flatten(part) if leaf is not None):
                return NanOrigin("inputs", name)
        return None

    def _in_weights(self) -> NanOrigin | None:
        bad = [variable.path for variable in self.model.variables if self._is_nan(variable.value)]
        return NanOrigin("weights", bad[0]) if bad else None

    def _in_forward(self) -> NanOrigin | None:
        with ExitStack() as watched, StatelessScope():
            watched.enter_context(self._watching_ops())
            for layer in self.model._flatten_layers(include_self=False):
                watched.enter_context(self._watching(layer))
            outputs = self._outputs()
            if self.found is None and self._any_nan(outputs):
                self.found = self._at("forward", self.model.name)
            if self.found is None and self._has_loss():
                loss = self._loss(outputs)
                if not np.isfinite(self.backend.to_numpy(loss)).all():
                    self.found = self._at("loss", self.model.name)
        self._clear()
        return self.found

    def _in_gradients(self) -> NanOrigin | None:
        variables = self.model.trainable_variables
        if not self._has_loss() or not variables or not self.backend.supports(Capability.GRADIENTS):
            return None

        def loss(*values: Any) -> Any:
            with StatelessScope(state_mapping=zip(variables, values, strict=True)):
                return self._loss(self._outputs())

        _, gradients = self.backend.implementation.value_and_gradients(loss, [v.value for v in variables])
        self._clear()
        bad = [v for v, gradient in zip(variables, gradients, strict=True) if self._is_nan(gradient)]
        return NanOrigin("gradients", bad[-1].path) if bad else None  # the last: they are worked out backwards

    def _outputs(self) -> Any:
        x = tree.map_structure(self.backend.convert, self.batch[0])
        takes = getattr(self.model, "_call_takes_training", lambda: False)()
        return self.model(x, training=True) if takes else self.model(x)

    def _loss(self, outputs: Any) -> Any:
        x, y, weight = (*self.batch, None)[:3] if len(self.batch) < 3 else self.batch
        targets = tree.map_structure(self.backend.convert, y)
        weight = None if weight is None else tree.map_structure(self.backend.convert, weight)
        return self.model._loss_of(x, targets, outputs, weight, True)

    def _clear(self) -> None:
        if hasattr(self.model, "_clear_losses"):
            self.model._clear_losses()

    # Watching --------------------------------------------------------------------------------------------------------

    @contextmanager
    def _watching_ops(self) -> Iterator[None]:
        functions = self.backend.functions
        before = dict(functions)
        functions.update({name: self._watched(name, function) for name, function in before.items()})
        try:
            yield
        finally:
            functions.update(before)

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            if self.op is None and self._any_nan(result) and not self._any_nan((args, kwargs)):
                self.op = name, self._ranges((args, kwargs))
            return result

        return run

    @contextmanager
    def _watching(self, layer: Any) -> Iterator[None]:
        call = layer.call

        def watched(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            if self.found is None and self._any_nan(outputs) and not self._any_nan((args, kwargs)):
                self.found = self._at("forward", layer.path, self._ranges((args, kwargs)))
            return outputs

        object.__setattr__(layer, "call", watched)
        try:
            yield
        finally:
            del layer.__dict__["call"]

    def _at(self, stage: str, where: str, inputs: tuple[str, ...] = ()) -> NanOrigin:
        return NanOrigin(stage, where, *(self.op or (None, inputs)))

    def _any_nan(self, values: Any) -> bool:
        return any(self._is_nan(leaf) for leaf in tree.flatten(values) if self._is_value(leaf))

    def _is_value(self, x: Any) -> bool:
        return self.backend.is_tensor(x) and not self.backend.implementation.is_traced(x)

    def _is_nan(self, x: Any) -> bool:
        array = self.backend.to_numpy(x) if self.backend.is_tensor(x) else np.asarray(x)
        return array.dtype.kind not in "iubSUO" and bool(np.isnan(array.astype("float32")).any())

    def _ranges(self, values: Any) -> tuple[str, ...]:
        tensors = [leaf for leaf in tree.flatten(values) if self._is_value(leaf)]
        return tuple(_range(self.backend.to_numpy(tensor)) for tensor in tensors)


def _range(array: np.ndarray) -> str:
    if array.dtype.kind in "SUO" or not array.size:
        return f"{array.dtype}{list(array.shape)}"
    numbers = array.astype("float32")
    infinite = int(np.isinf(numbers).sum())
    text = f"values from {numbers.min():.4g} to {numbers.max():.4g}"
    return f"{text}, {infinite} of them infinite" if infinite else text
