"""The trainer for JAX: one jitted function for a step, on state that is carried from step to step and donated.

`train_step`, `test_step` and `predict_step` are pure functions of (state, data), so users override them on their model
in the style that Keras documents for JAX. What is compiled around them only puts the state in order: dtypes stay what
they were, and no array comes out twice, because donating one array for two variables is an error.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kmb_backend_jax.conversion import convert
from kmb_backend_jax.placement import Placement
from kmb_backend_jax.session import Groups, Session, State
from kmb_backend_jax.steps import PureModel, unpacked
from kmb_core.backend import StatelessScope
from kmb_core.errors import ShapeError, message
from kmb_core.training.trainer import Batch, LogSource, Trainer

logger = logging.getLogger("kmb_backend_jax")

TRAINABLE, FIXED, OPTIMIZER, METRICS = range(4)
NAMES = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")
# Which groups of the state each step is given, and which of them it changes.
GIVEN = {"train": (0, 1, 2, 3), "test": (TRAINABLE, FIXED, METRICS), "predict": (TRAINABLE, FIXED)}
CHANGED = {"train": (0, 1, 2, 3), "test": (FIXED, METRICS), "predict": (FIXED,)}


class JaxTrainer(Trainer):
    """Trains one model under `jax.jit`."""

    step_parameters = ("state", "data")

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.pure = PureModel(model)
        self.session: Session | None = None
        self._steps: dict[str, Callable[..., Any]] = {}
        self._compiles = True
        self._making = threading.RLock()
        self._placement: Placement | None = None

    # Default steps ---------------------------------------------------------------------------------------------------

    def train_step(self, *args: Any) -> Any:
        """(state, data) → (logs, state)."""
        (trainable, fixed, optimizer_state, metrics), data = args
        x, y, sample_weight = unpacked(data)
        loss_function = getattr(self.model, "compute_loss_and_updates", self.compute_loss_and_updates)
        differentiated = jax.value_and_grad(loss_function, has_aux=True)
        (_, (loss, outputs, fixed, metrics)), gradients = differentiated(
            trainable, fixed, metrics, x, y, sample_weight, training=True, optimizer_variables=optimizer_state
        )
        trainable, optimizer_state = self.model.optimizer.stateless_apply(optimizer_state, gradients, trainable)
        logs, metrics = self.pure.metrics_update(trainable, fixed, metrics, (x, y, sample_weight), outputs, loss)
        return logs, (trainable, fixed, optimizer_state, metrics)

    def test_step(self, *args: Any) -> Any:
        """(state, data) → (logs, state)."""
        (trainable, fixed, metrics), data = args
        x, y, sample_weight = unpacked(data)
        _, (loss, outputs, fixed, metrics) = self.compute_loss_and_updates(
            trainable, fixed, metrics, x, y, sample_weight
        )
        logs, metrics = self.pure.metrics_update(trainable, fixed, metrics, (x, y, sample_weight), outputs, loss)
        return logs, (trainable, fixed, metrics)

    def predict_step(self, *args: Any) -> Any:
        """(state, data) → (outputs, non-trainable values)."""
        (trainable, fixed), data = args
        options = {"training": False} if self.model._call_takes_training() else {}
        return self.model.stateless_call(trainable, fixed, unpacked(data)[0], **options)

    def compute_loss_and_updates(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: Any = None,
    ) -> tuple[Any, tuple[Any, Any, Any, Any]]:
        """(loss to differentiate, (loss, outputs, new non-trainable values, new values of metrics))."""
        data = (x, y, sample_weight)
        return self.pure.loss_and_updates(
            trainable_variables, non_trainable_variables, metrics_variables, data, training, optimizer_variables
        )

    # What the loop calls ---------------------------------------------------------------------------------------------

    def run_train(self, batch: Batch) -> LogSource:
        """Train on a batch."""
        step = self._steps.get("train") or self._made("train")
        return self.session.train(step, batch, self._compiles)  # type: ignore[union-attr]  # made with the step

    def run_test(self, batch: Batch) -> LogSource:
        """Evaluate on a batch."""
        step = self._steps.get("test") or self._made("test")
        return self.session.use(step, batch, GIVEN["test"], CHANGED["test"])  # type: ignore[union-attr]  # made with the step

    def run_train_alone(self, batch: Batch) -> LogSource:
        """Train on a batch, for logs of this batch alone, in one execution where metrics begin with zeros."""
        if not self.measured().begins_with_zeros:
            return super().run_train_alone(batch)
        step = self._steps.get("train alone") or self._made("train alone")
        return self.session.train(step, batch, self._compiles)  # type: ignore[union-attr]  # made with the step

    def run_test_alone(self, batch: Batch) -> LogSource:
        """Evaluate on a batch, for logs of this batch alone, in one execution where metrics begin with zeros."""
        if not self.measured().begins_with_zeros:
            return super().run_test_alone(batch)
        step = self._steps.get("test alone") or self._made("test alone")
        return self.session.use(step, batch, GIVEN["test"], CHANGED["test"])  # type: ignore[union-attr]  # as above

    def run_predict(self, batch: Batch) -> Any:
        """The outputs for a batch."""
        step = self._steps.get("predict") or self._made("predict")
        return self.session.use(step, batch, GIVEN["predict"], CHANGED["predict"])  # type: ignore[union-attr]  # made with the step

    def run_train_many(self, batches: list[Batch]) -> LogSource:
        """Train on several batches in one execution, as far as their shapes agree."""
        logs: LogSource = {}
        for same in _of_one_shape(batches):
            if len(same) == 1 or not self._can_scan("train"):
                logs = super().run_train_many(same)
            else:
                logs = self.session.train(self._scanned("train"), same, True)  # type: ignore[union-attr]  # made with the step
        return logs

    def run_test_many(self, batches: list[Batch]) -> LogSource:
        """Evaluate on several batches in one execution, as far as their shapes agree."""
        logs: LogSource = {}
        for same in _of_one_shape(batches):
            if len(same) == 1 or not self._can_scan("test"):
                logs = super().run_test_many(same)
            else:
                logs = self.session.use(self._scanned("test"), same, GIVEN["test"], CHANGED["test"])  # type: ignore[union-attr]  # made with the step
        return logs

    def restart_metrics(self) -> None:
        """Start the metrics again, without taking the rest of the state back."""
        session, measured = self.session, self.measured()
        if session is None or not session.lent:
            super().restart_metrics()
            return
        if measured.begins_with_zeros:
            session.zero(METRICS)
            return
        variables, values = session.groups[METRICS], session.values[METRICS]
        with StatelessScope(state_mapping=zip(variables, values, strict=True)) as scope:
            self.model.reset_metrics()
        session.replace(METRICS, [scope.get_current_value(variable) for variable in variables])

    def jax_state_sync(self) -> None:
        """Give the variables their values again; reading one does the same."""
        if self.session is not None:
            self.session.write_back()

    def rebuild(self) -> None:
        """Forget compiled steps, and which variables there are."""
        super().rebuild()
        self.jax_state_sync()
        self.session = None
        self._steps = {}

    def follow_distribution(self) -> None:
        """Forget steps that were made under another distribution than the one that is set now."""
        super().follow_distribution()
        known = None if self._placement is None else self._placement.distribution
        if known is not self.distribution:
            self._placement = None if self.distribution is None else Placement(self.distribution)

    def compile_choice(self) -> str:
        """Settle `jit_compile="auto"`: everything that runs on JAX can be compiled."""
        if self.model.jit_compile == "auto" and not self.model.run_eagerly:
            self.model.jit_compile = True
            logger.info("%s: jit_compile='auto' compiles each step with jax.jit", self.model.name)
        return "eager" if self.model.run_eagerly or not self.model.jit_compile else "jit"

    # Making steps ----------------------------------------------------------------------------------------------------

    def _made(self, name: str) -> Callable[..., Any]:
        """The function for a mode, "train alone" among them. Variables are looked up anew: some may be new."""
        with self._making:
            return self._steps.get(name) or self._make(name)

    def _make(self, name: str) -> Callable[..., Any]:
        self.follow_distribution()
        groups = self._groups()
        if self._placement is not None:
            self._placement.lay_out(groups)
        if self.session is None or not self.session.owns(groups):
            self.rebuild()
            self.session = Session(groups)
        self._compiles = self.compile_choice() == "jit"
        mode, _, alone = name.partition(" ")
        step = self._on_state(mode, bool(alone))
        self._steps[name] = self._jitted(step, mode) if self._compiles else self._eager(step)
        return self._steps[name]

    def _groups(self) -> Groups:
        model = self.model
        optimizer = getattr(model, "optimizer", None)
        return (
            list(model.trainable_variables),
            list(model.non_trainable_variables),
            [] if optimizer is None else list(optimizer.variables),
            list(model.metrics_variables),
        )

    def _on_state(self, mode: str, alone: bool = False) -> Callable[[State, Any], Any]:
        """The model's step as a function of the groups it is given: a result, and the groups that it changes.

        With `alone` the metrics begin with this step.
        """
        user_step = self.own_step(mode)

        def step(state: State, data: Any) -> Any:
            before = dict(zip(GIVEN[mode], state, strict=True))
            if alone:
                before[METRICS] = [jnp.zeros_like(value) for value in before[METRICS]]
            result, new = user_step(tuple(list(before[group]) for group in GIVEN[mode]), data)
            new = (new,) if mode == "predict" else new[1:] if mode == "test" else new
            changed = CHANGED[mode]
            _check_counts([NAMES[g] for g in changed], [before[g] for g in changed], new, mode)
            closed = _closed([before[group] for group in changed], new)
            return _apart(result, [*state, *closed]), closed

        return step

    def _jitted(self, step: Callable[..., Any], mode: str) -> Callable[..., Any]:
        donated = (0,) if mode == "train" else ()
        placement = self._placement
        if placement is None:
            return jax.jit(step, donate_argnums=donated)
        before, after = placement.of_state(GIVEN[mode]), placement.of_state(CHANGED[mode])
        result = placement.whole if placement.several or mode != "predict" else None
        shardings: dict[str, Any] = {"in_shardings": (before, None), "out_shardings": (result, after)}
        return placement.placing(jax.jit(step, donate_argnums=donated, **shardings))

    def _eager(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(state: State, data: Any) -> Any:
            return step(state, jax.tree.map(convert, data))

        return run if self._placement is None else self._placement.placing(run)

    def _can_scan(self, mode: str) -> bool:
        if mode not in self._steps:
            self._made(mode)
        return self._compiles

    def _scanned(self, mode: str) -> Callable[..., Any]:
        """Several steps in one execution: a loop on the device."""
        name = f"{mode} many"
        if name not in self._steps:
            step, given, changed = self._on_state(mode), GIVEN[mode], CHANGED[mode]

            def many(state: State, batches: list[Any]) -> Any:
                before = dict(zip(given, state, strict=True))

                def body(carried: Any, batch: Any) -> Any:
                    values = before | dict(zip(changed, carried, strict=True))
                    logs, carried = step(tuple(values[group] for group in given), batch)
                    return carried, logs

                stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *batches)
                carried, logs = lax.scan(body, tuple(before[group] for group in changed), stacked)
                return jax.tree.map(lambda log: log[-1], logs), carried

            self._steps[name] = self._jitted(many, mode)
        return self._steps[name]


def _check_counts(names: list[str], old: Any, new: Any, mode: str) -> None:
    for name, before, after in zip(names, old, new, strict=True):
        if len(before) != len(after):
            what = f"{mode}_step: it was given {len(before)} {name} and returned {len(after)}"
            raise ShapeError(message(what, "The new state holds a value for each variable, in the order given.", None))


def _closed(old: list[list[Any]], new: Any) -> tuple[list[jax.Array], ...]:
    """The new values in the dtypes of the old ones, none of them twice: the next step must find what this one found."""
    seen: set[int] = set()

    def kept(before: Any, after: Any) -> jax.Array:
        value = lax.convert_element_type(after, before.dtype)
        if value.shape != before.shape:
            raise ShapeError(f"a step gives a value of shape {value.shape} for a variable of shape {before.shape}")
        if id(value) in seen:
            value = jnp.copy(value)
        seen.add(id(value))
        return value

    groups = zip(old, new, strict=True)
    return tuple([kept(b, a) for b, a in zip(before, after, strict=True)] for before, after in groups)


def _apart(result: Any, state: list[list[Any]]) -> Any:
    """The result without arrays that are part of the state: those are donated later, under their reader's hands."""
    owned = {id(value) for group in state for value in group}
    return jax.tree.map(lambda leaf: jnp.copy(leaf) if id(leaf) in owned else leaf, result)


def _of_one_shape(batches: list[Batch]) -> Iterator[list[Batch]]:
    """Runs of batches that can be stacked."""

    def shapes(batch: Batch) -> Any:
        leaves, structure = jax.tree.flatten(batch)
        return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]

    for _, run in itertools.groupby(batches, key=shapes):
        yield list(run)
