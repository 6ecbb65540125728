"""The base classes: values are worked out in NumPy, then handed to the current backend.

A subclass supplies `sample`, which knows no backend. So the same seed gives the same weights on every backend, bit
for bit, and an initializer can be tested without any.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from kmb_core.backend import convert_to_numpy, convert_to_tensor
from kmb_core.dtypes import is_float, standardize_dtype
from kmb_core.errors import ShapeError
from kmb_core.random.global_seed import fresh_seed
from kmb_core.random.threefry import seed_key

Shape = tuple[int, ...]


class Initializer:
    """Makes the first value of a variable. Subclasses supply `sample`, or their own `__call__`.

    Example:
        >>> class Counting(Initializer):
        ...     def sample(self, shape, dtype):
        ...         return np.arange(np.prod(shape), dtype=dtype).reshape(shape)
        >>> Counting().sample((2, 2), "int32").tolist()
        [[0, 1], [2, 3]]
    """

    arguments: ClassVar[tuple[str, ...]] = ()  # the attributes that `get_config` stores

    def __call__(self, shape: Sequence[int] | int, dtype: str | None = None) -> Any:
        """Return a tensor of the current backend.

        Args:
            shape: its shape.
            dtype: its dtype; `floatx` where it is None.

        Raises:
            ShapeError: where a size is unknown, or the initializer does not take the shape.
            DTypeError: where the initializer does not take the dtype.
        """
        name = standardize_dtype(dtype)
        return convert_to_tensor(self.sample(checked_shape(shape), name), dtype=name)

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array of that shape and dtype."""
        raise NotImplementedError(f"{type(self).__name__}: an initializer supplies `sample` or `__call__`.")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this initializer again."""
        return {name: getattr(self, name) for name in self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Initializer":
        """Make an initializer from what `get_config` gave."""
        return cls(**config)

    def clone(self) -> "Initializer":
        """Return a new initializer with the same arguments; an unseeded one gives other values."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """An initializer that draws from the portable generator.

    Args:
        seed: an integer: every call gives the same values. A seed generator: every call takes the next key from it.
            None: an integer of its own, from the global seed or from the system's entropy.
    """

    def __init__(self, seed: Any = None) -> None:
        if seed is not None and not hasattr(seed, "next") and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise ValueError(f"{type(self).__name__}: seed is an integer or a SeedGenerator, got {seed!r:.60}.")
        self._given_seed = seed
        self.seed = fresh_seed() if seed is None else seed

    def key(self) -> np.ndarray:
        """Return the key for one call: uint32 of shape `(2,)`."""
        if isinstance(self.seed, int):
            return seed_key(self.seed)
        return np.asarray(convert_to_numpy(self.seed.next())).astype("uint32")

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array of that shape and dtype."""
        return self.plan(shape, dtype)()

    def plan(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray]:
        """Return what works out the values for a key that is taken now; an unfit shape is refused now."""
        raise NotImplementedError(f"{type(self).__name__}: an initializer supplies `sample` or `__call__`.")

    def later(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray] | None:
        """Return what works out the values when they are wanted, or None where they cannot wait.

        What a subclass draws in its own way may depend on when it is asked.
        """
        own = type(self).__call__ is Initializer.__call__ and type(self).sample is RandomInitializer.sample
        waits = own and isinstance(self.seed, int) and is_float(dtype)  # a generator's key depends on the scope
        return self.plan(checked_shape(shape), dtype) if waits else None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this initializer again."""
        return {"seed": _saved_seed(self._given_seed), **super().get_config()}


def _saved_seed(seed: Any) -> Any:
    if not hasattr(seed, "next"):
        return seed
    identity = {"module": "keras.random", "class_name": "SeedGenerator"}
    return {**identity, "config": seed.get_config(), "registered_name": None}


def checked_shape(shape: Sequence[int] | int) -> Shape:
    """Return a shape as a tuple of integers; an unknown or negative size is refused."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size is None or int(size) < 0 for size in sizes):
        raise ShapeError(f"An initializer needs a shape of known sizes, got {sizes}.")
    return tuple(int(size) for size in sizes)
