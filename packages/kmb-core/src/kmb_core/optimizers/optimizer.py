"""Optimizer: the base of all optimizers.

A step is written once, in `update_step`, with the core's ops, and runs on every backend, inside a StatelessScope or
under a trace too. `apply` goes one of three ways: `FusedStep` (fused.py), kernels that update all variables at once;
`CompiledStep` (compiled_step.py), the whole of an eager call compiled by the backend; and the general one here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kmb_core import initializers
from kmb_core.backend import StatelessScope, Variable, auto_name, name_scope, use_backend
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import process, state
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.creation import cast
from kmb_core.optimizers import gradients as gradient_lists
from kmb_core.optimizers.averaging import Averaging
from kmb_core.optimizers.compiled_step import CompiledStep
from kmb_core.optimizers.fused import FusedStep
from kmb_core.optimizers.learning_rate import LearningRate
from kmb_core.optimizers.settings import Settings
from kmb_core.optimizers.storage import Storage
from kmb_core.serialization import saved_as


@saved_as("keras")
class Optimizer(Settings, LearningRate, Storage, Averaging):
    """Changes variables along their gradients.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        weight_decay: this part of each variable, times the learning rate, is taken off before each step.
        clipnorm: gradients longer than this are shortened to it, each on its own.
        clipvalue: elements of gradients are kept between minus this and this.
        global_clipnorm: all gradients together are shortened to this length.
        use_ema: keep moving averages of the variables.
        ema_momentum: how slowly the averages move, from 0 to 1.
        ema_overwrite_frequency: after so many steps variables are set to their averages; None: only when training ends.
        loss_scale_factor: the loss is multiplied by it and gradients are divided by it.
        gradient_accumulation_steps: variables change after so many calls, along the mean of their gradients.
        name: automatic when None.

    Subclasses define `build(self, variables)` and `update_step(self, gradient, variable, learning_rate)`.

    Raises:
        ValueError: for settings that do not go together, and unknown arguments.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_settings(kwargs)
        self._undecayed: Callable[[Variable], bool] | None = None
        self._forget_variables()
        self._make_own_variables(learning_rate)

    def _forget_variables(self) -> None:
        self.built = False
        self._backend = current_backend()
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._positions: dict[int, int] = {}
        self._averages: list[Variable | None] = []
        self._accumulators: list[Variable | None] = []
        self._fused: FusedStep | bool | None = None  # None: not looked for yet; False: there is none
        self._compiled: CompiledStep | bool | None = None

    def _make_own_variables(self, learning_rate: Any) -> None:
        with use_backend(self._backend):
            self._iterations = self._own_variable((), "zeros", "int32", "iteration", aggregation="only_first_replica")
            self._set_learning_rate(learning_rate)

    # Building ----------------------------------------------------------------------------------------------------

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state that belongs to variables; subclasses make theirs after this.

        Args:
            variables: the variables to train.
        """
        if self.built:
            return
        variables = list(variables)
        self._follow_backend(variables)
        self._trainable_variables = variables
        self._positions = {id(v): i for i, v in enumerate(variables)}
        if len(self._positions) != len(variables):
            twice = next(v for i, v in enumerate(variables) if self._positions[id(v)] != i)
            raise ValueError(f"Optimizer {self.name!r}: variable {twice.path} is listed twice")
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulators = self.add_optimizer_variables(variables, "gradient_accumulator")
        self.built = True

    def _follow_backend(self, variables: list[Variable]) -> None:
        """When the variables are of another backend, the optimizer's own state moves there, as long as it is new."""
        if not variables or variables[0]._backend is self._backend:
            return
        rate, steps = self._saved_learning_rate(), int(self._iterations.numpy())
        with use_backend(variables[0]._backend):
            self._forget_variables()
            self._make_own_variables(rate)
            self._iterations.assign(steps)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name[0] != "_":  # a setting: steps made for the old one are of no use any more
            self.__dict__["_fused"] = self.__dict__["_compiled"] = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_fused": None, "_compiled": None}  # they hold on to this optimizer's variables

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._positions = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        """A function (gradients, step, learning_rate) that updates all variables; None where there is none."""
        return None

    def _separate_decays(self, kernels: Any) -> list[tuple[list[Variable], float]]:
        """Variables, and how much they decay, for `FusedStep`: without those that the fused update sees to."""
        decayed = [variable for variable in self._trainable_variables if self._decays(variable)]
        return [(decayed, self.weight_decay)] if decayed and self.weight_decay else []

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to the optimizer.

        Args:
            shape: sizes.
            initializer: name, object or callable.
            dtype: floatx when None.
            aggregation: how replicas' values are joined.
            layout: a layout of `kmb_core.distribution`.
            name: last part of its path.
        """
        with use_backend(self._backend):
            return self._own_variable(shape, initializer, dtype, name, aggregation, layout)

    def _own_variable(
        self, shape: Any, initializer: Any, dtype: Any, name: str | None, aggregation: str = "none", layout: Any = None
    ) -> Variable:
        initializer = initializers.get(initializer)
        with name_scope(self.name):
            variable = Variable(
                initializer,
                shape=shape,
                dtype=dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                layout=layout,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a variable of the shape and dtype of another, named after it.

        Args:
            reference_variable: the variable that it goes with.
            name: what it is to the other: "momentum" gives "dense_kernel_momentum".
            initializer: name, object or callable.
        """
        prefix = reference_variable.path.replace("/", "_")
        full = f"{prefix}_{name}" if name else prefix
        layout = reference_variable._layout
        return self.add_variable(reference_variable.shape, initializer, reference_variable._dtype, "none", layout, full)

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make a variable for each of a list; None for those that gradients overwrite.

        Args:
            trainable_variables: the variables to train.
            name: what they are to them, or several such names.
            initializer: one for all, or as many as names.

        Returns:
            A list as long as `trainable_variables`; for several names a tuple of such lists.
        """
        names = (name,) if isinstance(name, str) else tuple(name)
        first = initializer if isinstance(initializer, (list, tuple)) else (initializer,) * len(names)
        lists: tuple[list[Variable | None], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for found, one, start in zip(lists, names, first, strict=True):
                overwritten = variable.overwrite_with_gradient
                found.append(None if overwritten else self.add_variable_from_reference(variable, one, start))
        return lists[0] if isinstance(name, str) else lists

    def _position(self, variable: Variable) -> int:
        """Where a variable stands in the list that the optimizer was built on."""
        try:
            return self._positions[id(variable)]
        except KeyError:
            what = f"Optimizer {self.name!r}: unknown variable {variable.path}"
            cause = "It was built on other variables: layers were added or replaced since."
            raise ValueError(
                message(what, cause, "Make a new optimizer for the new set (compile the model again).")
            ) from None

    _get_variable_index = _position  # the name that optimizers written for Keras call

    # Applying ----------------------------------------------------------------------------------------------------

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Change variables along their gradients.

        Args:
            grads: one for each variable; None for one that the loss does not depend on.
            trainable_variables: those that the optimizer was built on when None.

        Raises:
            ValueError: for a variable that it was not built on, one listed twice, or when all gradients are None.
        """
        if not self.built and trainable_variables is not None:
            self.build(list(trainable_variables))
        here = (state.override or process.backend) is self._backend
        if not here:
            with use_backend(self._backend):
                self._apply(list(grads), trainable_variables)
            return
        compiled: Any = self._compiled
        if compiled is None and self.built:
            compiled = self._compiled = CompiledStep.of(self) or False
        if not (compiled and not state.indirect and compiled(grads, trainable_variables)):
            self._apply_here(grads, trainable_variables)

    def _apply_here(self, grads: Any, trainable_variables: Any = None) -> None:
        fused: Any = self._fused
        if fused is None and self.built:
            fused = self._fused = FusedStep.of(self) or False
        if fused and not state.indirect and fused.takes(grads, trainable_variables):
            fused(grads)
        else:
            self._apply(list(grads), trainable_variables)

    def _apply(self, grads: list[Any], trainable_variables: Any) -> None:
        variables = self._chosen(grads, trainable_variables)
        if not grads:
            return
        with gradient_lists.exact_dtypes():
            grads, variables = gradient_lists.overwritten(grads, variables)
            grads, variables = gradient_lists.without_none(grads, variables, self.name)
            if variables:
                self._update(gradient_lists.as_tensors(grads), variables)
            self._iterations.assign_add(1)

    def _chosen(self, grads: list[Any], trainable_variables: Any) -> list[Variable]:
        if trainable_variables is None:
            if not self.built:
                what = f"Optimizer {self.name!r}.apply: no variables are known"
                raise ValueError(
                    message(what, "It is not built yet.", "Pass the variables too, or call build(variables) first.")
                )
            variables = self._trainable_variables
        else:
            variables = list(trainable_variables)
        if len(grads) != len(variables):
            what = f"Optimizer {self.name!r}.apply: {len(grads)} gradients for {len(variables)} variables"
            raise ValueError(message(what, None, "Pass one gradient, or None, for each variable, in the same order."))
        positions = [self._position(v) for v in variables]
        if len(set(positions)) != len(positions):
            raise ValueError(f"Optimizer {self.name!r}.apply: a variable is listed twice")
        return variables

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        if self.loss_scale_factor:
            grads = [multiply(g, 1.0 / self.loss_scale_factor) for g in grads]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._step(grads, variables)

    def _step(self, grads: list[Any], variables: list[Variable]) -> None:
        """One change of the variables: everything that happens once a step."""
        grads = gradient_lists.clipped(grads, self.clipnorm, self.clipvalue, self.global_clipnorm)
        learning_rate = self._current_learning_rate()
        self._decay(variables, learning_rate)
        for gradient, variable in zip(grads, variables, strict=True):
            self.update_step(gradient, variable, learning_rate)
        if self.use_ema:
            self._move_averages(variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))

    def _decay(self, variables: list[Variable], learning_rate: Any) -> None:
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._decays(variable):
                factor = multiply(cast(learning_rate, variable._dtype), self.weight_decay)
                self.assign_sub(variable, multiply(variable.value, factor))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient; subclasses define it.

        Args:
            gradient: a tensor of the variable's shape.
            variable: the variable.
            learning_rate: a scalar tensor.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no `update_step` method")

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Change variables along their gradients, given as pairs.

        Returns:
            The counter of steps.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError(f"Optimizer {self.name!r}.apply_gradients: no pairs of gradient and variable were given")
        grads, variables = zip(*pairs, strict=True)
        self.apply(list(grads), list(variables))
        return self._iterations

    def stateless_apply(
        self, optimizer_variables: Any, grads: Any, trainable_variables: Any
    ) -> tuple[list[Any], list[Any]]:
        """`apply` as a function of all values.

        Args:
            optimizer_variables: values in the order of `variables`.
            grads: gradients.
            trainable_variables: values of the variables that the optimizer was built on.

        Returns:
            (new values of the trainable variables, new values of the optimizer's).

        Raises:
            ValueError: when it is not built, or for a wrong number of values.
        """
        own, trained = self.variables, self._trainable_variables
        self._check_stateless(own, optimizer_variables, trained, trainable_variables)
        mapping = [*zip(trained, trainable_variables, strict=True), *zip(own, optimizer_variables, strict=True)]
        with use_backend(self._backend), StatelessScope(state_mapping=mapping) as scope:
            self.apply(grads)
        return [scope.get_current_value(v) for v in trained], [scope.get_current_value(v) for v in own]

    def _check_stateless(self, own: Any, own_values: Any, trained: Any, trained_values: Any) -> None:
        if not self.built:
            what = f"Optimizer {self.name!r}.stateless_apply needs a built optimizer"
            raise ValueError(message(what, "It has no state yet.", "Call build(trainable_variables) first."))
        for what, variables, values in (("optimizer", own, own_values), ("trainable", trained, trained_values)):
            if len(variables) != len(values):
                where = f"Optimizer {self.name!r}.stateless_apply"
                raise ShapeError(f"{where}: {len(variables)} {what} variables, but {len(values)} values")

    # Assigning; optimizers written for Keras call these.

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`; gradients are divided by it when they are applied."""
        if not self.loss_scale_factor:
            return loss
        return loss * self.loss_scale_factor
