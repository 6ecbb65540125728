"""The protocol between data and the training loop, and the choice of an adapter.

The loop knows `DataAdapter` alone. Which adapter fits is decided by the type of `x`; types of frameworks are offered
to the plugins' factories first, since only they know what such an object is.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kmb_core.data.arrays import ArrayAdapter, Shuffle
from kmb_core.data.class_weights import ClassWeightedAdapter
from kmb_core.data.dataset import PyDataset, PyDatasetAdapter
from kmb_core.data.generator import GeneratorAdapter
from kmb_core.data.leaves import module_root
from kmb_core.data.stepping import SteppedAdapter
from kmb_core.errors import StructureError, message


@runtime_checkable
class DataAdapter(Protocol):
    """What the training loop reads batches from."""

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch, None where that is not known."""

    @property
    def batch_size(self) -> int | None:
        """Rows in a full batch, None where that is not known."""

    def batches(self) -> Iterator[tuple]:
        """Give the batches of one epoch.

        Returns:
            An iterator of `(x,)`, `(x, y)` or `(x, y, sample_weight)`, each part nested as the user gave it.
        """

    def on_epoch_begin(self) -> None:
        """Run before each epoch."""

    def on_epoch_end(self) -> None:
        """Run after each epoch."""

    def close(self) -> None:
        """Release threads, processes and files."""


class AdapterFactory(Protocol):
    """What a plugin supplies for the data types of its framework."""

    def accepts(self, x: Any) -> bool:
        """Tell whether `x` is a type that this factory adapts.

        Args:
            x: the first argument of `fit`, `evaluate` or `predict`.

        Returns:
            True where `make` can be called with it.
        """

    def make(self, x: Any, *, batch_size: int | None, shuffle: Shuffle, seed: int | None) -> DataAdapter:
        """Adapt `x`.

        Args:
            x: what `accepts` said yes to. It holds targets and weights itself.
            batch_size: as given by the user; a dataset of batches ignores it.
            shuffle: as given by the user.
            seed: seed of the order, where the adapter shuffles.

        Returns:
            The adapter. Steps and class weights are added around it.
        """


_PLAIN = frozenset({"builtins", "numpy", "pandas", "polars", "pyarrow", "scipy", "h5py"})


def make_adapter(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: Shuffle = False,
    class_weight: Mapping[int, float] | None = None,
    steps: int | None = None,
    seed: int | None = None,
    plugin_adapters: Sequence[AdapterFactory] = (),
    backend: Any = None,
) -> DataAdapter:
    """Choose the adapter for `x`.

    Args:
        x: arrays of shape `(samples, ...)` in any nesting, a generator or iterable of batches, a `PyDataset`, or a
            type that one of the plugins accepts.
        y: targets, for arrays only.
        sample_weight: weights, for arrays only.
        batch_size: rows in a batch, for arrays; 32 where it is None.
        shuffle: True, False or `"batch"`.
        class_weight: weight of each class number.
        steps: batches in an epoch; None takes what the data holds.
        seed: seed of the order, for a shuffled epoch.
        plugin_adapters: factories of plugins, asked in order for types that are not NumPy's or Python's own.
        backend: whose tensors stay as they are, on their device; those of other frameworks become arrays.

    Returns:
        The adapter.

    Raises:
        StructureError: where the type is unknown, or targets are given beside a source that holds them.
        ShapeError: where arrays are empty or differ in length.

    Example:
        >>> import numpy
        >>> adapter = make_adapter(numpy.zeros((5, 2)), numpy.zeros(5), batch_size=2)
        >>> adapter.num_batches, [len(batch) for batch in adapter.batches()]
        (3, [2, 2, 2])
    """
    source: Any = _foreign_source(x, batch_size, shuffle, seed, plugin_adapters) or _own_source(
        x, shuffle, seed, backend
    )
    if source is None:
        source = ArrayAdapter(x, y, sample_weight, batch_size, shuffle, class_weight, seed, backend)
    else:
        _refuse_targets(x, y, sample_weight)
        source = ClassWeightedAdapter(source, class_weight) if class_weight else source
    return source if steps is None else SteppedAdapter(source, _checked_steps(steps))


def _foreign_source(
    x: Any, batch_size: int | None, shuffle: Shuffle, seed: int | None, factories: Sequence[AdapterFactory]
) -> DataAdapter | None:
    if not factories or isinstance(x, PyDataset) or module_root(x) in _PLAIN:
        return None
    for factory in factories:
        if factory.accepts(x):
            return factory.make(x, batch_size=batch_size, shuffle=shuffle, seed=seed)
    return None


def _own_source(x: Any, shuffle: Shuffle, seed: int | None, backend: Any) -> DataAdapter | None:
    if isinstance(x, PyDataset):
        return PyDatasetAdapter(x, bool(shuffle), seed, backend)
    if isinstance(x, DataAdapter):
        return x
    if inspect.isgeneratorfunction(x):
        raise StructureError(
            message(
                f"x is the generator function {x.__name__}; expected a generator.", remedy=f"Call it: {x.__name__}()"
            )
        )
    return GeneratorAdapter(x, backend) if _is_stream(x) else None


def _is_stream(x: Any) -> bool:
    sliceable = isinstance(x, np.ndarray | list | tuple | Mapping | str | bytes) or hasattr(x, "shape")
    return not sliceable and isinstance(x, Iterable) and not hasattr(x, "__array__")


def _refuse_targets(x: Any, y: Any, sample_weight: Any) -> None:
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is not None:
            raise StructureError(
                message(
                    f"{name} was given beside a {type(x).__name__}, which holds its own.",
                    remedy="Let its batches be tuples (x, y) or (x, y, sample_weight).",
                )
            )


def _checked_steps(steps: int) -> int:
    if steps < 1:
        raise StructureError(message(f"{steps} steps were asked for; expected at least one."))
    return int(steps)
