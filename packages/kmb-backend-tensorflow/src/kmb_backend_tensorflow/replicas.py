"""Replicas of a model on several devices, which behave like one model that is given the whole batch.

`MirroredStrategy.run` runs a step on each device, on its rows of the batch. A replica's loss counts by its share of the
rows, so the gradients' sum is the gradient of the whole batch's loss, whatever the parts' sizes, and each replica makes
the same change to its own copy of a variable. What a step adds to the metrics is summed, and statistics that it moves
(batch normalization's) are averaged; so all copies are equal after each step.
"""

import threading
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_core import tree
from kmb_core.backend.state import state


class _Here(threading.local):
    """The replica whose step this thread runs: `MirroredStrategy` gives each a thread."""

    def __init__(self) -> None:
        self.replica: Replica | None = None


here = _Here()


def device_of(context: Any) -> str:
    """The device of a replica's context; some releases give a list in the tuple."""
    return tf.nest.flatten(context.devices)[0]


class Replica:
    """One replica's part in a step."""

    def __init__(self, strategy: Any, model: Any) -> None:
        self.model = model
        self.context = tf.distribute.get_replica_context()
        devices = list(strategy.extended.worker_devices)
        self.index, self.count = devices.index(device_of(self.context)), len(devices)
        self.written: dict[int, Any] = {}  # variables that the step assigns to
        self.rows: Any = None
        self.share: Any = None

    def part(self, data: Any) -> Any:
        """Its rows of a batch. Of fewer rows than replicas some get one that counts nothing."""
        total = tf.shape(next(leaf for leaf in tree.flatten(data) if leaf is not None and leaf.shape.rank))[0]
        first, last = total * self.index // self.count, total * (self.index + 1) // self.count
        self.rows = last - first
        self.share = tf.cast(self.rows, tf.float32) / tf.cast(total, tf.float32)
        last = tf.maximum(last, first + 1)
        return tree.map_structure(lambda x: x if x is None or not x.shape.rank else x[first:last], data)

    def weighted(self, x: Any) -> Any:
        """A tensor times the share of the rows."""
        return x * tf.cast(self.share, x.dtype)

    def sums(self, tensors: list[Any]) -> list[Any]:
        """The sums of tensors over the replicas; None stays None."""
        present = [tensor for tensor in tensors if tensor is not None]
        if not present:
            return list(tensors)
        # The other replicas' threads run until they are here too, and leave their losses in the layers.
        held = [(layer._losses, list(layer._losses)) for layer in self.model._flatten_layers()]
        totals = iter(self.context.all_reduce(tf.distribute.ReduceOp.SUM, present))
        for losses, own in held:
            losses[:] = own
        return [None if tensor is None else next(totals) for tensor in tensors]

    def moments(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """The whole batch's mean and variance from those of this part."""
        (whole,) = self.sums([self.weighted(mean)])
        (spread,) = self.sums([self.weighted(variance + tf.square(mean - whole))])
        return whole, spread


class Replicas:
    """The replicas of a model."""

    def __init__(self, model: Any, strategy: Any) -> None:
        self.model, self.strategy = model, strategy

    def joined(self, step: Callable[[Any], Any], predicts: bool) -> Callable[[Any], Any]:
        """A step on whole batches, from one on parts; parts' logs are dropped: the metrics know those of the whole."""

        def whole(data: Any) -> Any:
            outer = dict(vars(state))

            @tf.autograph.experimental.do_not_convert
            def run(data: Any) -> Any:
                vars(state).update(outer)  # what holds in the thread of the loop
                here.replica = Replica(self.strategy, self.model)
                try:
                    return self._on_part(step, here.replica, data)
                finally:
                    here.replica = None

            outputs = self.strategy.run(run, args=(data,))
            return tf.nest.map_structure(self._rejoined, outputs) if predicts else None

        return whole

    def _on_part(self, step: Callable[[Any], Any], replica: Replica, data: Any) -> Any:
        measuring = self.model.metrics_variables
        known = {id(variable) for variable in (*measuring, *self.model.non_trainable_variables)}
        before = [tf.identity(variable._value) for variable in measuring]
        result = step(replica.part(data))
        written = dict(replica.written)
        self._add_up(replica, [(v, old) for v, old in zip(measuring, before, strict=True) if id(v) in written])
        for variable in measuring:
            written.pop(id(variable), None)
        moved = [v for v in written.values() if id(v) in known and v._value.dtype.is_floating]
        for variable, mean in zip(moved, replica.sums([replica.weighted(v._value) for v in moved]), strict=True):
            variable._write(mean)
        return tree.map_structure(lambda x: x if x is None or not x.shape.rank else x[: replica.rows], result)

    @staticmethod
    def _add_up(replica: Replica, changed: list[tuple[Any, Any]]) -> None:
        """Let variables hold what all replicas have added to the values of before."""
        counts = replica.rows > 0
        added = [(v._value - old) * tf.cast(counts, old.dtype) for v, old in changed]
        for (variable, old), total in zip(changed, replica.sums(added), strict=True):
            variable._write(old + total)

    def _rejoined(self, outputs: Any) -> Any:
        """The rows of all parts; of what has no rows the first replica's."""
        parts = self.strategy.experimental_local_results(outputs)
        return tf.concat(parts, 0) if parts[0].shape.rank else parts[0]
