"""Variables: a `tf.Variable` is the storage and also the value that ops get.

The tf.Variable itself is handed out, not a tensor read from it: TensorFlow's runtime reads it where an op needs it, in
C, gradient tapes find it, and code under `tf.function` reads the current value. What must survive an assignment is read
with `convert`.
"""

from contextlib import nullcontext
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.distribution import strategy_of
from kmb_backend_tensorflow.dtypes import DTYPES
from kmb_backend_tensorflow.replicas import device_of, here
from kmb_core.backend import Variable
from kmb_core.settings.store import settings

_AGGREGATION = {
    "mean": tf.VariableAggregation.MEAN,
    "sum": tf.VariableAggregation.SUM,
    "only_first_replica": tf.VariableAggregation.ONLY_FIRST_REPLICA,
}


class TensorFlowVariable(Variable):
    """A variable that TensorFlow's own functions take wherever they take a tf.Variable."""

    _should_act_as_resource_variable = True  # GradientTape.gradient and .watch look for this and then use `handle`

    def _initial_value(self, initializer: Any, shape: Any, dtype: str | None) -> Any:
        """The initial value, outside of a graph that is being traced."""
        with tf.init_scope():
            return super()._initial_value(initializer, shape, dtype)

    def _may_wait(self) -> bool:
        scoped = tf.distribute.has_strategy() or tf.__internal__.eager_context.get_device_name()
        return not scoped and super()._may_wait()

    def _create(self, value: Any) -> Any:
        if not tf.is_symbolic_tensor(value):
            with tf.init_scope():
                return self._storage(value)
        with tf.init_scope():  # a value that a graph works out: the graph assigns it
            storage = self._storage(tf.zeros(value.shape, value.dtype))
        storage.assign(value)
        return storage

    def _placeholder(self) -> Any:
        with tf.init_scope():
            return self._storage(tf.raw_ops.Empty(shape=self._shape, dtype=DTYPES[self._dtype]))

    def _storage(self, value: Any) -> Any:
        strategy = strategy_of(settings.distribution)
        with nullcontext() if strategy is None else strategy.scope():
            return tf.Variable(
                value,
                trainable=self._trainable,
                dtype=value.dtype,
                name=self._name,
                aggregation=_AGGREGATION.get(self._aggregation, tf.VariableAggregation.NONE),
            )

    def _write(self, value: Any) -> None:
        if here.replica is not None:
            here.replica.written[id(self)] = self
        _own_copy(self._value).assign(value)

    def follow(self, strategy: Any) -> None:
        """Hold a copy on each device of a strategy; one alone where it is None."""
        held = self._value.distribute_strategy if isinstance(self._value, tf.distribute.DistributedValues) else None
        if held is not strategy:
            self._value = self._create(tf.constant(self._value.numpy()))

    @property
    def handle(self) -> Any:
        """The resource that TensorFlow's variable ops work on."""
        return self._value.handle

    @property
    def trainable(self) -> bool:
        """Whether gradients reach it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        if self._waiting is None:
            self._value._trainable = bool(value)  # what a GradientTape asks when the variable is read

    def _shared_name(self) -> str:
        return self._value._shared_name

    @property
    def _unique_id(self) -> str:
        return self._value._unique_id

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        """What tf.convert_to_tensor makes of it."""
        return tf.convert_to_tensor(self.value, dtype=dtype, name=name)


def _own_copy(storage: Any) -> Any:
    """What an assignment goes to: in a replica's step that replica's copy, since the others assign to theirs."""
    if not isinstance(storage, tf.distribute.DistributedValues) or not tf.distribute.has_strategy():
        return storage
    context = tf.distribute.get_replica_context()
    if context is None:
        return storage
    copies = context.strategy.experimental_local_results(storage)
    return next(copy for copy in copies if copy.device == device_of(context))
