"""What `compile(loss=…, metrics=…)` becomes: one loss over all outputs, and one collection of metrics.

Both are resolved once, in `build`, from the shapes of targets and predictions. With one output and one loss a call is
the loss's own call: nothing nested is walked.
"""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core import losses, metrics, tree
from kmb_core.backend import KerasTensor, Variable, name_scope
from kmb_core.errors import ShapeError, message
from kmb_core.losses import regression
from kmb_core.losses.loss import Loss, LossFunctionWrapper
from kmb_core.metrics import identifiers as metric_identifiers
from kmb_core.metrics.averages import Mean, MeanMetricWrapper
from kmb_core.metrics.metric import Metric
from kmb_core.ops.tensors import shape
from kmb_core.serialization import saved_identity
from kmb_core.training.class_numbers import ClassNumbers, class_numbers
from kmb_core.training.output_parts import flat_like, output_names, spread

ACCURACIES = ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy")
CROSSENTROPIES = ("BinaryCrossentropy", "SparseCategoricalCrossentropy", "CategoricalCrossentropy")
BY_SHAPE = {"accuracy": ACCURACIES, "acc": ACCURACIES, "crossentropy": CROSSENTROPIES, "ce": CROSSENTROPIES}


def by_shape(choices: tuple[str, str, str], y_true: Any, y_pred: Any) -> str:
    """Which of (binary, class numbers, one-hot) suits the shapes."""
    true, pred = tuple(y_true.shape), tuple(y_pred.shape)
    if len(pred) < 2 or pred[-1] == 1:
        return choices[0]
    return choices[1] if len(true) < len(pred) or true[-1] == 1 else choices[2]


def is_config(x: Any) -> bool:
    """Whether a dict is the saved form of an object."""
    return isinstance(x, dict) and "class_name" in x and "config" in x


class CompileLoss:
    """The loss of a model: the weighted sum of its outputs' losses.

    Args:
        loss: a name, function, `Loss` or saved form; for several outputs nested like them or by name, None for none.
        loss_weights: numbers, in the same forms; 1 for those left out.
        reduction: of losses that are given as names or functions.
        output_names: the outputs' names, in flat order.
    """

    name = "compile_loss"

    def __init__(
        self,
        loss: Any,
        loss_weights: Any = None,
        reduction: str | None = "sum_over_batch_size",
        output_names: Sequence[str] | None = None,
    ) -> None:
        _check_known(loss, losses.get, ("crossentropy", "ce"))
        self._loss = loss
        self._loss_weights = loss_weights
        self._reduction = reduction
        self._output_names = output_names
        self.built = False
        self._single: Loss | None = None
        self._single_weight: float | None = None
        self._entries: list[tuple[int, Loss, float | None, Mean | None]] = []
        self._names: list[str] = []
        self.outputs: Any = None  # symbolic, as it was built for
        self.class_numbers: list[ClassNumbers] = []

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve the losses for targets and predictions like these (shapes are enough)."""
        names = self._names = output_names(y_pred, self._output_names)
        specs = spread(self._loss, y_pred, names, "loss", _is_loss)
        weights = spread(self._loss_weights, y_pred, names, "loss_weights", _is_weight)
        targets = flat_like(y_true, y_pred, names, "targets")
        outputs = tree.flatten(y_pred) if tree.is_nested(y_pred) else [y_pred]
        used = [i for i, spec in enumerate(specs) if spec is not None]
        self._entries = []
        for i in used:
            tracker = self._tracker(names[i]) if len(used) > 1 else None
            loss = self._resolved(specs[i], targets[i], outputs[i])
            _check_targets(loss, targets[i], outputs[i], names[i])
            self._entries.append((i, loss, weights[i], tracker))
        if len(names) == 1 and len(used) == 1:
            self._single, self._single_weight = self._entries[0][1], weights[0]
        found = [class_numbers(i, names[i], loss, outputs[i]) for i, loss, _, _ in self._entries]
        self.class_numbers = [one for one in found if one is not None]
        if self.class_numbers:
            self.outputs = tree.map_structure(lambda x: KerasTensor.like(tuple(x.shape), "float32"), y_pred)
        self.built = True

    def targets_of_outputs(self, y: Any) -> list[Any]:
        """The targets of each output in flat order, from targets nested like the outputs or by their names."""
        return flat_like(y, self.outputs, self._names, "targets")

    def _resolved(self, spec: Any, y_true: Any, y_pred: Any) -> Loss:
        if isinstance(spec, Loss):
            return spec
        if isinstance(spec, str) and spec.lower() in ("crossentropy", "ce"):
            spec = by_shape(CROSSENTROPIES, y_true, y_pred)
        found = losses.get(spec)
        if isinstance(found, Loss) or not callable(found):
            return found
        wrapped = LossFunctionWrapper(found, reduction=self._reduction, name=getattr(found, "__name__", None))
        wrapped.targets_as_given = saved_identity(found) is not None  # built-in functions take any dtype
        return wrapped

    def _tracker(self, output: str) -> Mean:
        with name_scope(self.name):
            return Mean(name=f"{output}_loss")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch.

        Args:
            y_true: targets, nested like the outputs or by their names.
            y_pred: outputs.
            sample_weight: None, one for all outputs, or nested like the targets.

        Returns:
            A scalar; None when no output has a loss.
        """
        if not self.built:
            self.build(y_true, y_pred)
        single = self._single
        if single is None:
            return self._of_all(y_true, y_pred, sample_weight)
        if y_pred.__class__ in _CONTAINERS or y_true.__class__ in _CONTAINERS or sample_weight.__class__ in _CONTAINERS:
            y_true, y_pred, sample_weight = _lone(y_true), _lone(y_pred), _lone(sample_weight)
        try:
            loss = single(y_true, y_pred, sample_weight)
        except Exception as error:
            _locate(error, f"loss {_name(single)!r}", self._names[0], y_true, y_pred)
            raise
        if len(loss.shape):
            _refuse_vector(loss, single)
        return loss if self._single_weight is None else loss * self._single_weight

    call = __call__

    def _of_all(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        outputs = tree.flatten(y_pred)
        targets = flat_like(y_true, y_pred, self._names, "targets")
        weights = flat_like(sample_weight, y_pred, self._names, "sample weights")
        total = None
        for i, loss, loss_weight, tracker in self._entries:
            try:
                value = loss(targets[i], outputs[i], weights[i])
            except Exception as error:
                _locate(error, f"loss {_name(loss)!r}", self._names[i], targets[i], outputs[i])
                raise
            if len(value.shape):
                _refuse_vector(value, loss)
            if tracker is not None:
                tracker.update_state(value, sample_weight=_batch_size(outputs[i]))
            value = value if loss_weight is None else value * loss_weight
            total = value if total is None else total + value
        return total

    @property
    def metrics(self) -> list[Mean]:
        """The trackers of the outputs' losses, unweighted; none for a single loss."""
        return [tracker for _, _, _, tracker in self._entries if tracker is not None]

    @property
    def variables(self) -> list[Variable]:
        """The trackers' variables."""
        return [v for tracker in self.metrics for v in tracker.variables]

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"loss": self._loss, "loss_weights": self._loss_weights, "reduction": self._reduction}


class CompileMetrics:
    """The metrics of a model, weighted and not, over all its outputs: to a model one metric whose result is a dict.

    Args:
        metrics: names, functions, `Metric`s or saved forms: a list for one output; for several a list or dict of such.
        weighted_metrics: the same; these get the sample weights.
        name: its name among a model's metrics.
        output_names: the outputs' names, in flat order.
    """

    def __init__(
        self,
        metrics: Any,
        weighted_metrics: Any,
        name: str = "compile_metrics",
        output_names: Sequence[str] | None = None,
    ) -> None:
        _check_listed(metrics, "metrics")
        _check_listed(weighted_metrics, "weighted_metrics")
        for spec in (metrics, weighted_metrics):
            _check_known(spec, metric_identifiers.get, BY_SHAPE)
        self._user_metrics = metrics
        self._user_weighted_metrics = weighted_metrics
        self._output_names = output_names
        self.name = name
        self.built = False
        self._names: list[str] = []
        self._entries: list[tuple[int, str, Metric, bool]] = []  # output, key of the result, metric, whether weighted

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve the metrics for targets and predictions like these (shapes are enough)."""
        names = self._names = output_names(y_pred, self._output_names)
        targets = flat_like(y_true, y_pred, names, "targets")
        outputs = tree.flatten(y_pred) if tree.is_nested(y_pred) else [y_pred]
        self._entries = []
        taken: set[str] = set()
        for weighted, spec, argument in (
            (False, self._user_metrics, "metrics"),
            (True, self._user_weighted_metrics, "weighted_metrics"),
        ):
            for i, part in enumerate(_listed(spec, y_pred, names, argument)):
                for one in part if isinstance(part, (list, tuple)) else [part]:
                    if one is not None:
                        label, metric = _metric(one, targets[i], outputs[i])
                        if targets[i] is not None and hasattr(metric, "build_for"):  # variables shaped like these
                            metric.build_for(targets[i], outputs[i])
                        key = label if len(names) == 1 else f"{names[i]}_{label}"
                        self._entries.append((i, _unused(key, weighted, taken), metric, weighted))
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        """Itself: as among the metrics of a model, whose results are joined by their keys."""
        return [self] if self.built else []

    @property
    def result_names(self) -> list[str]:
        """The keys of the results, as far as they are known beforehand."""
        return [key for _, key, _, _ in self._entries]

    @property
    def leaves(self) -> list[Metric]:
        """The single metrics."""
        return [metric for _, _, metric, _ in self._entries]

    @property
    def variables(self) -> list[Variable]:
        """All metrics' variables."""
        return list({id(v): v for metric in self.leaves for v in metric.variables}.values())

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Gather from a batch.

        Args:
            y_true: targets, nested like the outputs or by their names.
            y_pred: outputs.
            sample_weight: None, one for all outputs, or nested like the targets; only `weighted_metrics` get it.
        """
        if not self.built:
            self.build(y_true, y_pred)
        if len(self._names) == 1:
            if (
                y_pred.__class__ in _CONTAINERS
                or y_true.__class__ in _CONTAINERS
                or sample_weight.__class__ in _CONTAINERS
            ):
                y_true, y_pred, sample_weight = _lone(y_true), _lone(y_pred), _lone(sample_weight)
            targets, outputs, weights = [y_true], [y_pred], [sample_weight]
        else:
            targets = flat_like(y_true, y_pred, self._names, "targets")
            outputs, weights = tree.flatten(y_pred), flat_like(sample_weight, y_pred, self._names, "sample weights")
        for i, _, metric, weighted in self._entries:
            if targets[i] is None:
                continue
            try:
                if weighted and weights[i] is not None:
                    metric.update_state(targets[i], outputs[i], sample_weight=weights[i])
                else:
                    metric.update_state(targets[i], outputs[i])
            except Exception as error:
                _locate(error, f"metric {_name(metric)!r}", self._names[i], targets[i], outputs[i])
                raise

    def result(self) -> dict[str, Any]:
        """All results by key: "accuracy", and with several outputs "head_accuracy"."""
        results: dict[str, Any] = {}
        for _, key, metric, _ in self._entries:
            value = metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[key] = value
        return results

    def reset_state(self) -> None:
        """Start all metrics again."""
        for metric in self.leaves:
            metric.reset_state()

    # As functions of the variables' values, which steps on a state call.
    _scope = Metric._scope
    stateless_update_state = Metric.stateless_update_state
    stateless_result = Metric.stateless_result
    stateless_reset_state = Metric.stateless_reset_state

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"metrics": self._user_metrics, "weighted_metrics": self._user_weighted_metrics, "name": self.name}


_CONTAINERS = frozenset({list, tuple, dict})


def _lone(x: Any) -> Any:
    """The only leaf of something nested."""
    if x.__class__ in _CONTAINERS:
        leaves = tree.flatten(x)
        return leaves[0] if len(leaves) == 1 else x
    return x


def _check_known(spec: Any, get: Callable[[Any], Any], by_shape: Any) -> None:
    """Refuse unknown names when the model is compiled, not when it is first used."""
    if isinstance(spec, (list, tuple)) or (isinstance(spec, dict) and not is_config(spec)):
        for part in spec.values() if isinstance(spec, dict) else spec:
            _check_known(part, get, by_shape)
    elif not (_is_loss(spec) or _is_metric(spec)) or (isinstance(spec, str) and spec.lower() not in by_shape):
        get(spec)


def _check_targets(loss: Any, y_true: Any, y_pred: Any, output: str) -> None:
    """Refuse targets that a regression loss would broadcast against the outputs: it would learn something else."""
    if getattr(getattr(loss, "fn", None), "__module__", None) != regression.__name__ or y_true is None:
        return
    true, pred = tuple(y_true.shape), tuple(y_pred.shape)
    if len(true) == len(pred) and any(None not in (t, p) and t != p for t, p in zip(true[1:], pred[1:], strict=True)):
        what = f"loss {loss.name!r} of output {output!r}: expected targets of shape {pred}, got {true}"
        raise ShapeError(
            message(what, "Each value of the outputs needs a target.", "Compare y with model.output_shape.")
        )


def _locate(error: Exception, what: str, output: str, y_true: Any, y_pred: Any) -> None:
    """Say which loss or metric an error comes from, and what it was given."""
    targets, outputs = map(_described, (y_true, y_pred))
    error.add_note(message(f"in {what} of output {output!r}, with targets {targets} and outputs {outputs}"))


def _described(x: Any) -> str:
    return f"{getattr(x, 'dtype', type(x).__name__)}{list(getattr(x, 'shape', ()))}"


def _name(x: Any) -> Any:
    return getattr(x, "name", x)


def _refuse_vector(value: Any, loss: Any) -> None:
    what = f"loss {_name(loss)!r}: expected one number to minimise, got shape {tuple(value.shape)}"
    raise ShapeError(message(what, "Its reduction is None or 'none'.", "Take reduction='sum_over_batch_size'."))


def _is_loss(x: Any) -> bool:
    return isinstance(x, (str, Loss)) or callable(x) or is_config(x)


def _is_weight(x: Any) -> bool:
    return not isinstance(x, (dict, list, tuple))


def _is_metric(x: Any) -> bool:
    return isinstance(x, (str, Metric)) or callable(x) or is_config(x)


def _check_listed(spec: Any, argument: str) -> None:
    if spec is not None and not isinstance(spec, (list, tuple, dict)):
        raise ValueError(f"compile: {argument} is a list, a tuple or a dict, got {spec!r:.60}; write [{spec!r:.40}]")


def _listed(spec: Any, y_pred: Any, names: list[str], argument: str) -> list[Any]:
    """The metrics of each output, as lists."""
    if len(names) == 1 and isinstance(spec, (list, tuple)):
        return [_flattened(spec)]
    return spread(spec, y_pred, names, argument, lambda x: _is_metric(x) or _is_list_of_metrics(x, names, spec))


def _is_list_of_metrics(x: Any, names: list[str], whole: Any) -> bool:
    """Whether a list holds one output's metrics, and not one entry for each output."""
    return x is not whole and isinstance(x, (list, tuple)) and all(_is_metric(one) for one in x)


def _flattened(spec: Any) -> list[Any]:
    """Metrics out of nested lists."""
    found: list[Any] = []
    for one in spec:
        found += _flattened(one) if isinstance(one, (list, tuple)) else [one]
    return found


def _metric(spec: Any, y_true: Any, y_pred: Any) -> tuple[str, Metric]:
    """What the results call a metric, and the metric."""
    if isinstance(spec, Metric):
        return spec.name, spec
    if isinstance(spec, str) and spec.lower() in BY_SHAPE and y_true is not None:
        cls = getattr(metrics, by_shape(BY_SHAPE[spec.lower()], y_true, y_pred))
        return spec, cls(name=spec)
    found = metrics.get(spec)
    if isinstance(found, Metric):
        return (spec if isinstance(spec, str) else found.name), found
    label = _label(found)
    return label, MeanMetricWrapper(found, name=label)


def _label(function: Callable[..., Any]) -> str:
    name = getattr(function, "name", None) or getattr(function, "__name__", None) or type(function).__name__
    return name.strip("<>")


def _unused(key: str, weighted: bool, taken: set[str]) -> str:
    """The key, or one like it that is not taken yet."""
    if key in taken and weighted:
        key = f"weighted_{key}"
    candidate, count = key, 1
    while candidate in taken:
        candidate, count = f"{key}_{count}", count + 1
    taken.add(candidate)
    return candidate


def _batch_size(x: Any) -> Any:
    return shape(x)[0] if x.shape else 1
