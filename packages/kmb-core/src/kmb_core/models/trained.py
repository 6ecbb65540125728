"""The part of Model that trains: `compile`, `fit` and their siblings, and the steps that users override.

A model *has* a trainer, made by its backend's plugin; nothing here knows how a step runs.
"""

import inspect
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import StatelessScope, Variable, is_current, use_backend
from kmb_core.data.leaves import own_tensors
from kmb_core.errors import NotCompiledError, message
from kmb_core.layers.specialization import public_class
from kmb_core.metrics import Mean
from kmb_core.plugins import make_trainer
from kmb_core.training import loop
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.checks import (
    check_lengths,
    check_numbers,
    require_compiled,
    require_numbers,
    require_optimizer,
)
from kmb_core.training.class_numbers import check_class_numbers
from kmb_core.training.compiled import CompileLoss, CompileMetrics
from kmb_core.training.logs import Logs
from kmb_core.training.measured import results_of
from kmb_core.training.preparation import prepare_for


class Trained:
    """Compilation, training, evaluation and prediction."""

    _reads_text = False  # whether an input is text, and the backend has no tensors for it

    def _reset_training(self) -> None:
        self.__dict__.update(
            compiled=False,
            optimizer=None,
            loss=None,
            stop_training=False,
            stop_evaluating=False,
            stop_predicting=False,
            steps_per_execution=1,
            auto_scale_loss=True,
            history=None,
            _run_eagerly=False,
            _jit_compile="auto",
            _compile_arguments=None,
            _compile_loss=None,
            _compile_metrics=None,
            _loss_takes_training=True,
            _loss_tracker=None,
            _trainer=None,
        )

    # Compilation -------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: name or Optimizer.
            loss: name, function or Loss; a list or dict of them for several outputs.
            loss_weights: numbers by which the losses are multiplied, in the structure of `loss`.
            metrics: names, functions or Metrics, in a list, or lists by output.
            weighted_metrics: the same, updated with the sample weights.
            run_eagerly: run steps without compilation, so that a debugger stops in them.
            steps_per_execution: batches handed to the device at once.
            jit_compile: True, False or "auto"; see the backend's trainer.
            auto_scale_loss: scale the loss for half precision when the policy is mixed_float16.

        Raises:
            ValueError: for contradicting arguments or unknown names.

        Example:
            >>> import kmb_core
            >>> model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(1)])
            >>> model.compile(optimizer="sgd", loss="mse")
            >>> model.compiled
            True
        """
        from_config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        if jit_compile is True and run_eagerly:
            raise ValueError(f"model {self.name!r}: jit_compile=True and run_eagerly=True exclude each other")
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise ValueError(f"model {self.name!r}: steps_per_execution is a positive int, got {steps_per_execution!r}")
        from kmb_core import optimizers  # a heavy package that inference does without

        with use_backend(self._backend):
            self._clear_compiled()
            self.optimizer = optimizers.get(optimizer)
            if auto_scale_loss:
                self.optimizer = _with_loss_scaling(self.optimizer, self.dtype_policy)
            self.loss = loss
            self._compile_loss = (
                None if loss is None else CompileLoss(loss, loss_weights, output_names=self.output_names)
            )
            self._compile_metrics = None
            if metrics is not None or weighted_metrics is not None:
                self._compile_metrics = CompileMetrics(metrics, weighted_metrics, output_names=self.output_names)
            self._loss_tracker = Mean(name="loss")
        self._loss_takes_training = _takes_training(public_class(self))
        self.auto_scale_loss = auto_scale_loss
        self.steps_per_execution = steps_per_execution
        self._run_eagerly = bool(run_eagerly)
        self._jit_compile = jit_compile
        self._compile_arguments = from_config
        self.compiled = True
        self.trainer.rebuild()

    def _clear_compiled(self) -> None:
        self._compile_loss = self._compile_metrics = self._loss_tracker = None

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` as plain data; None for a model that is not compiled."""
        from kmb_core.serialization import serialize_keras_object

        if not self.compiled or self._compile_arguments is None:
            return None
        return {key: serialize_keras_object(value) for key, value in self._compile_arguments.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` gave."""
        from kmb_core.serialization import deserialize_keras_object

        self.compile(**deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def _compiled_parts_built(self) -> bool:
        loss, metrics = self._compile_loss, self._compile_metrics
        return (loss is None or loss.built) and (metrics is None or metrics.built)

    def _build_compiled_parts(self, x: Any, y: Any, outputs: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None and not self._compile_metrics.built and y is not None:
            self._compile_metrics.build(y, outputs)
        if self._compile_loss is not None and not self._compile_loss.built and y is not None:
            self._compile_loss.build(y, outputs)

    @property
    def trainer(self) -> Any:
        """The trainer of the model's backend; made when first needed."""
        if self.__dict__.get("_trainer") is None:
            object.__setattr__(self, "_trainer", make_trainer(self._backend, self))
        return self._trainer

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run without compilation."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = bool(value)
        self.trainer.rebuild()

    @property
    def jit_compile(self) -> Any:
        """Whether steps are compiled: True, False or "auto"."""
        return self._jit_compile

    @jit_compile.setter
    def jit_compile(self, value: Any) -> None:
        self._jit_compile = value

    # Steps, for users to override --------------------------------------------------------------------------------

    def _overrides(self, step: str) -> bool:
        """Whether a user's class defines this step."""
        return getattr(public_class(self), step) is not getattr(Trained, step)

    def train_step(self, *args: Any) -> Any:
        """One training step; override it with the signature of the model's backend.

        Args:
            *args: `(data)`, or `(state, data)` on backends with stateless steps.

        Returns:
            The logs: {name: value}; on backends with stateless steps (logs, state).
        """
        return self.trainer.train_step(*args)

    def test_step(self, *args: Any) -> Any:
        """One evaluation step; see `train_step`."""
        return self.trainer.test_step(*args)

    def predict_step(self, *args: Any) -> Any:
        """One prediction step; see `train_step`."""
        return self.trainer.predict_step(*args)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The scalar that is minimised: the compiled loss plus the layers' losses.

        Args:
            x, y, y_pred, sample_weight: inputs, targets, outputs and weights of a batch.
            training: whether it is for training.

        Returns:
            A scalar tensor.

        Raises:
            ValueError: when there is nothing to minimise.
        """
        loss = None
        if self._compile_loss is not None and y is not None:
            loss = self._compile_loss(y, y_pred, sample_weight)
        for extra in self.losses:
            loss = extra if loss is None else loss + extra
        if loss is None:
            what = f"model {self.name!r}: nothing to minimise"
            cause = "No loss was given to compile, or the data has no targets, and no layer adds a loss."
            raise ValueError(
                message(what, cause, "Pass loss=... to compile and targets y to fit, or override compute_loss.")
            )
        return loss

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        """`compute_loss`, told whether it is for training where the user's takes that."""
        if self._loss_takes_training:
            return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """`compute_loss` as a pure function of the variables' values.

        Returns:
            (loss, (trainable, non-trainable, metrics' values)) after the call.
        """
        groups = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)
        given = (trainable_variables, non_trainable_variables, metrics_variables)
        mapping = [pair for own, values in zip(groups, given, strict=True) for pair in zip(own, values, strict=True)]
        with use_backend(self._backend), StatelessScope(state_mapping=mapping) as scope:
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
        return loss, tuple([_current(scope, v) for v in own] for own in groups)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the compiled metrics with a batch; return all results."""
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The current results of all metrics, by name."""
        return results_of(self.metrics)

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the layers' metrics and the compiled ones."""
        found = [self._loss_tracker] if self._loss_tracker is not None else []
        found += [m for layer in self._flatten_layers() for m in layer._own_metrics() if m is not self._loss_tracker]
        for part in (self._compile_metrics, self._compile_loss):
            found += part.metrics if part is not None else []
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_names(self) -> list[str]:
        """The metrics' names."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Start all metrics again."""
        for metric in self.metrics:
            metric.reset_state()

    # Loops -------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        dry_run: bool = False,
    ) -> Any:
        """Train the model.

        Args:
            x: arrays `(samples, ...)` in any nesting, a generator or iterable of batches, a `PyDataset`, or what the
                backend's plugin adapts (tf.data, DataLoader).
            y: targets, for arrays.
            batch_size: samples in a batch, for arrays; 32 when None.
            epochs: number of the last epoch.
            verbose: 0 silent, 1 a live line, 2 a line an epoch, "auto".
            callbacks: callbacks in a list.
            validation_split: share of the arrays, from their end, to validate with.
            validation_data: (x, y) or (x, y, sample_weight), or a dataset.
            shuffle: whether arrays are shuffled before each epoch; "batch" shuffles batches.
            class_weight: {class: weight}.
            sample_weight: weights of the samples, for arrays.
            initial_epoch: epoch to begin with.
            steps_per_epoch: batches in an epoch.
            validation_steps, validation_batch_size: the same for validation.
            validation_freq: validate every so many epochs, or in the epochs listed (from 1).
            dry_run: only try it out. One batch is trained on and one validated, by the steps that would train; then
                weights, metrics, optimizer and random states are set back. Callbacks are not called. A model that is
                not built yet is built, and from an iterator that cannot be begun again a batch is taken.

        Returns:
            The History: `history.history` has a list for each metric. With `dry_run` a report: shapes and dtypes of
            inputs, targets and outputs, the loss and the metrics, the time of a step and the memory; it is printed
            unless `verbose` is 0, and its `logs` hold the numbers.

        Raises:
            NotCompiledError: before `compile`.
            CapabilityError: on a backend without gradients.
            ShapeError: for data that does not fit.

        Example:
            >>> import numpy
            >>> import kmb_core
            >>> model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(1)])
            >>> model.compile(optimizer="sgd", loss="mse")
            >>> arrays = numpy.ones((8, 2)), numpy.ones((8, 1))
            >>> try:
            ...     report = model.fit(*arrays, batch_size=4, dry_run=True, verbose=0)
            ...     shapes = [part.shape for part in report.training.parts]
            ... except kmb_core.errors.CapabilityError:  # a backend without gradients
            ...     shapes = [(4, 2), (4, 1), (4, 1)]
            >>> shapes
            [(4, 2), (4, 1), (4, 1)]
        """
        arguments = {key: value for key, value in locals().items() if key not in ("self", "dry_run")}
        fit = loop.Fit(self, **arguments)
        if not dry_run:
            return fit.run()
        from kmb_core.training.dry_run import dry_run as tried_out  # most runs are not tried out

        return tried_out(fit)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics over all samples; arguments as in `fit`.

        Returns:
            A number, a list of numbers in the order of `metrics_names`, or a dict with `return_dict=True`.
        """
        if kwargs:
            raise TypeError(f"evaluate: unexpected arguments {sorted(kwargs)}")
        logs = loop.evaluate(self, x, y, sample_weight, batch_size, steps, callbacks, verbose)
        return logs if return_dict else _flattened(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for all samples, as NumPy arrays in the structure of the outputs."""
        return loop.predict(self, x, batch_size, steps, callbacks, verbose)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One training step on the arrays given; returns the metrics of this batch."""
        require_compiled(self, "train_on_batch")
        self.trainer.require_training()
        require_optimizer(self, "train_on_batch")
        if class_weight is not None:
            from kmb_core.data.class_weights import sample_weights

            sample_weight = sample_weights(y, class_weight, sample_weight)
        return self._on_batch(self.trainer.run_train_alone, "train", (x, y, sample_weight), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """One evaluation step on the arrays given; returns the metrics of this batch."""
        require_compiled(self, "test_on_batch")
        return self._on_batch(self.trainer.run_test_alone, "test", (x, y, sample_weight), return_dict)

    def _on_batch(self, run: Any, phase: str, parts: tuple[Any, ...], return_dict: bool) -> Any:
        require_numbers(self, f"{phase}_on_batch")
        with use_backend(self._backend):
            parts = tuple([own_tensors(part, self._backend) for part in parts])
            check_numbers(self, *parts)
            check_lengths(parts)
            batch = _batch(parts)
            prepare_for(self, batch, training=phase == "train")
            check_class_numbers(self, parts[1])
            trainer = self.trainer
            with trainer.phase(phase):
                source = run(batch)
            logs = Logs(source, trainer.measured().log_names()).copy()
        return logs if return_dict else _flattened(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as NumPy arrays."""
        if is_current(self._backend):
            return self._predict_on_batch(x)
        with use_backend(self._backend):
            return self._predict_on_batch(x)

    def _predict_on_batch(self, x: Any) -> Any:
        trainer, backend = self.trainer, self._backend
        if x.__class__ is not np.ndarray and x.__class__ not in backend.native:
            x = own_tensors(x, backend)
        if not self.built:
            prepare_for(self, (x,), training=False, losses=False)
        with trainer.phase("predict"):
            outputs = self._outputs_of_text((x,)) if self._reads_text else trainer.run_predict((x,))
        if backend.is_tensor(outputs):
            return backend.to_numpy(outputs)
        return tree.map_structure(backend.to_numpy, outputs)

    def _outputs_of_text(self, batch: Any) -> Any:
        """The outputs without a step: text that the backend has no tensors for goes to the layers that read it."""
        return self(unpack_x_y_sample_weight(batch)[0], training=False)

    def make_train_function(self, force: bool = False) -> Any:
        """Make (and return) the function of an iterator that runs a training step."""
        self.train_function = self._made("train_function", force)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        """Make (and return) the function of an iterator that runs an evaluation step."""
        self.test_function = self._made("test_function", force)
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Any:
        """Make (and return) the function of an iterator that runs a prediction step."""
        self.predict_function = self._made("predict_function", force)
        return self.predict_function

    def _made(self, name: str, force: bool) -> Any:
        if force:
            self.trainer.rebuild()
        existing = self.__dict__.get(name)
        return existing if existing is not None and not force else getattr(self.trainer, name)()

    # State -------------------------------------------------------------------------------------------------------

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """All state as nested dicts by path: trainable, non-trainable, optimizer and metrics variables.

        Args:
            value_format: "backend_tensor" or "numpy_array".
        """
        if value_format not in ("backend_tensor", "numpy_array"):
            raise ValueError(f"get_state_tree: value_format is 'backend_tensor' or 'numpy_array', got {value_format!r}")
        numpy_values = value_format == "numpy_array"
        groups = {name: _nested(variables, numpy_values) for name, variables in self._state_groups().items()}
        return groups

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Set state from what `get_state_tree` gave; paths that the model lacks are refused."""
        groups = self._state_groups()
        for name, values in state_tree.items():
            if name not in groups:
                raise ValueError(f"set_state_tree: unknown group {name!r}; expected {', '.join(groups)}")
            _assign_nested(groups[name], values, name)

    def _state_groups(self) -> dict[str, list[Variable]]:
        return {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "optimizer_variables": self.optimizer.variables if self.optimizer is not None else [],
            "metrics_variables": self.metrics_variables,
        }

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of all metrics."""
        return list({id(v): v for metric in self.metrics for v in metric.variables}.values())

    def _require_optimizer(self) -> Any:
        if self.optimizer is None:
            raise NotCompiledError(f"model {self.name!r} has no optimizer; call compile(optimizer=...)")
        return self.optimizer


def _takes_training(cls: type) -> bool:
    parameters = inspect.signature(cls.compute_loss).parameters  # type: ignore[attr-defined]  # of a model
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _with_loss_scaling(optimizer: Any, policy: Any) -> Any:
    if optimizer is None or policy.compute_dtype != "float16" or policy.variable_dtype != "float32":
        return optimizer
    from kmb_core.optimizers import LossScaleOptimizer

    return optimizer if isinstance(optimizer, LossScaleOptimizer) else LossScaleOptimizer(optimizer)


def _batch(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    x, y, weight = parts
    return (x, y, weight) if weight is not None else (x, y) if y is not None else (x,)


def _flattened(logs: dict[str, Any]) -> Any:
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _current(scope: StatelessScope, variable: Variable) -> Any:
    value = scope.get_current_value(variable)
    return variable.value if value is None else value


def _nested(variables: list[Variable], numpy_values: bool) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for variable in variables:
        *parents, last = variable.path.split("/")
        place = nested
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = variable.numpy() if numpy_values else variable.value
    return nested


def _assign_nested(variables: list[Variable], values: dict[str, Any], group: str) -> None:
    by_path = {variable.path: variable for variable in variables}
    pending = [("", values)]
    while pending:
        prefix, item = pending.pop()
        if isinstance(item, dict):
            pending += [(f"{prefix}/{key}" if prefix else key, value) for key, value in item.items()]
        elif prefix in by_path:
            by_path[prefix].assign(item)
        else:
            raise ValueError(f"set_state_tree: {group} has no variable {prefix!r}")
