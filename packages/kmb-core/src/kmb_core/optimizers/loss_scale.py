"""Training in float16: the loss is scaled up so that small gradients do not vanish, but large ones do not overflow."""

from collections.abc import Sequence
from typing import Any

from kmb_core.backend import StatelessScope, Variable, dtype_of, state, use_backend
from kmb_core.ops.arithmetic import add, multiply, true_divide
from kmb_core.ops.comparison import equal, isfinite, logical_and, where
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.ops.reduction import all as all_of
from kmb_core.optimizers import gradients as gradient_lists
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as, serialize_keras_object
from kmb_core.serialization.identifiers import resolve


@saved_as("keras.optimizers")
class LossScaleOptimizer(Optimizer):
    """An optimizer around another, with a scale of the loss that finds itself.

    After `dynamic_growth_steps` steps in a row with finite gradients the scale is doubled; a step whose gradients are
    not finite is left out and halves it.

    Args:
        inner_optimizer: the optimizer that makes the steps.
        initial_scale: the first scale.
        dynamic_growth_steps: see above.
        name: automatic when None.

    Raises:
        ValueError: for an inner optimizer that scales the loss itself.

    Example:
        >>> import kmb_core
        >>> optimizer = kmb_core.optimizers.LossScaleOptimizer(kmb_core.optimizers.SGD(1.0), initial_scale=8.0)
        >>> v = kmb_core.Variable([1.0])
        >>> optimizer.apply([4.0 * kmb_core.ops.ones((1,))], [v])
        >>> float(v[0])
        0.5
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=0.0, name=name, **kwargs)
        if not isinstance(inner_optimizer, Optimizer) or isinstance(inner_optimizer, LossScaleOptimizer):
            raise ValueError(
                f"LossScaleOptimizer: inner_optimizer is an optimizer that scales no loss, got {inner_optimizer!r}"
            )
        if inner_optimizer.loss_scale_factor:
            raise ValueError("LossScaleOptimizer: the inner optimizer has a loss_scale_factor of its own")
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the scale and the counter of finite steps, and build the inner optimizer."""
        if self.built:
            return
        super().build(var_list)
        self.step_counter = self.add_variable((), "zeros", "int32", "none", None, "step_counter")
        self.dynamic_scale = self.add_variable((), "ones", "float32", "none", None, "dynamic_scale")
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer.build(var_list)

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then the inner optimizer's."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """The inner optimizer's counter: steps left out do not count."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale."""
        scale = self.dynamic_scale.value if self.built else self.initial_scale
        return multiply(loss, cast(scale, dtype_of(loss)) if hasattr(loss, "dtype") else scale)

    def check_finite(self, grads: Any) -> Any:
        """Whether all elements of all gradients are finite: a scalar.

        Args:
            grads: a list of tensors; None is passed over.
        """
        finite: Any = None
        for gradient in grads:
            if gradient is not None:
                part = all_of(isfinite(gradient))
                finite = part if finite is None else logical_and(finite, part)
        return True if finite is None else finite

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Unscale the gradients and let the inner optimizer make a step, if they are finite."""
        if not self.built and trainable_variables is not None:
            self.build(list(trainable_variables))
        with use_backend(self._backend), gradient_lists.exact_dtypes():
            grads = list(grads)
            variables = self._chosen(grads, trainable_variables)
            tensors = [None if g is None else gradient_lists.as_tensors([g])[0] for g in grads]
            finite = self.check_finite(tensors)
            if self._backend.kernels.get("host_scalars") and state.stateless is None:
                self._on_host(bool(finite), tensors, variables)
            else:
                self._on_device(finite, tensors, variables)

    def _unscaled(self, grads: list[Any]) -> list[Any]:
        scale = self.dynamic_scale.value
        return [None if g is None else true_divide(g, cast(scale, dtype_of(g))) for g in grads]

    def _on_host(self, finite: bool, grads: list[Any], variables: list[Variable]) -> None:
        if finite:
            self.inner_optimizer.apply(self._unscaled(grads), variables)
        self._rescale(finite)

    def _on_device(self, finite: Any, grads: list[Any], variables: list[Variable]) -> None:
        grads = self._unscaled(grads)
        mapping = [(v, v.value) for v in (*variables, *self.inner_optimizer.variables)]
        with StatelessScope(state_mapping=mapping) as scope:
            self.inner_optimizer.apply(grads, variables)
        for variable, before in mapping:
            after = scope.get_current_value(variable)
            if after is not before:
                variable.assign(where(finite, after, before))
        self._rescale(finite)

    def _rescale(self, finite: Any) -> None:
        """Count the finite steps; double or halve the scale when it is time."""
        scale, count = self.dynamic_scale.value, add(self.step_counter.value, 1)
        grown = equal(count, self.dynamic_growth_steps)
        self.dynamic_scale.assign(where(finite, where(grown, multiply(scale, 2.0), scale), multiply(scale, 0.5)))
        self.step_counter.assign(where(finite, where(grown, zeros_like(count), count), zeros_like(count)))

    def finalize_variable_values(self, var_list: list[Variable]) -> None:
        """Let the inner optimizer put moving averages in the variables' places, where it keeps some."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "LossScaleOptimizer":
        """An optimizer from what `get_config` gave."""
        config = dict(config)
        inner = config.get("inner_optimizer")
        if isinstance(inner, dict):
            inner = {**inner, "module": "keras.optimizers"}  # on torch Keras writes another module
            config["inner_optimizer"] = resolve(inner, {}, "optimizer", custom_objects, modules=("keras.optimizers",))
        return cls(**config)
