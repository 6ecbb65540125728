"""DataLayer: what layers that prepare data stand on. They run on the backend of their surroundings.

A layer computes on the backend that it was made on. One that prepares data is also called where that backend is not at
home: in the `map` of a dataset, whose framework traces it into its own graph, and in loaders and worker processes,
where `with use_backend("numpy")` keeps every framework out. `surroundings.tracing_backend` finds the first, the scope
says the second, and everywhere else the layer is like any other.

What such a layer has learned from data is held in NumPy arrays, which every backend takes.
"""

import multiprocessing
import zlib
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import Variable, current_backend, state, use_backend
from kmb_core.errors import message
from kmb_core.layers.call_plan import call_plan
from kmb_core.layers.layer import Layer
from kmb_core.layers.preprocessing.surroundings import tracing_backend
from kmb_core.ops.operation import has_symbolic
from kmb_core.plugins import Backend
from kmb_core.random.seed_generator import SeedGenerator
from kmb_core.random.threefry import fold_in, seed_key


class DataLayer(Layer):
    """A layer that prepares data; subclasses define `call` with `kmb_core.ops`, as in any layer.

    Where a call runs:

    - on the backend whose framework traces the inputs into a graph (inside the `map` of a dataset);
    - else on the backend of an enclosing `with use_backend(...)`;
    - else on the layer's own.

    `call` passes NumPy arrays to ops for what the layer knows, and takes seeds from `self.generator`: assign a
    `SeedGenerator` to it in `__init__`.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> layer = kmb_core.layers.Rescaling(0.5)
        >>> with kmb_core.use_backend(kmb_core.config.backend()):  # any that is installed
        ...     tuple(layer(np.ones((2, 3))).shape)
        (2, 3)
    """

    # Frameworks that rewrite the Python code that they trace leave alone what has this attribute: there is nothing to
    # rewrite in a layer, and its framework's backend, which says so of all of the core, may not be loaded yet.
    autograph_info__: dict[str, Any] = {}

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """The outputs, on the backend of the surroundings."""
        here, own = state.override, self._backend
        if inputs.__class__ in own.native and (here is None or here is own):
            return super().__call__(inputs, **kwargs)
        if inputs.__class__ in (list, tuple):
            inputs = self._array(inputs)
        backend = self._surroundings((inputs,), kwargs)
        if backend is own:
            return super().__call__(inputs, **kwargs)
        with use_backend(backend):
            return self._call_elsewhere((inputs,), kwargs)

    def _array(self, inputs: Any) -> Any:
        """What stands for a list of inputs: one array where they are numbers."""
        return _array_of_numbers(inputs) if holds_values(inputs) else inputs

    def _surroundings(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Backend:
        if state.symbolic or has_symbolic(args, kwargs):
            return self._backend
        return tracing_backend(tree.flatten((args, kwargs))) or state.override or self._backend

    def _call_elsewhere(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call on the current backend, which is not the layer's."""
        plan = call_plan(type(self))
        if self._convert_input_args:
            args, kwargs = self._converted(args, kwargs)
        if not self.built:
            self._build_from_call(plan, args, kwargs)
        return self._call_unhooked(args, kwargs)

    def convert_weight(self, weight: Any) -> Any:
        """A weight as the backend that is computing takes it.

        Args:
            weight: a variable, a tensor or an array.

        Returns:
            A tensor of the current backend.
        """
        here = current_backend()
        if here is self._backend:
            return weight.value if isinstance(weight, Variable) else here.convert(weight)
        return here.convert(weight.numpy() if isinstance(weight, Variable) else self._backend.to_numpy(weight))

    # Randomness --------------------------------------------------------------------------------------------------

    @property
    def generator(self) -> SeedGenerator | None:
        """What random ops in `call` take as `seed`: of the backend that is computing, and of this process.

        Another backend than the layer's, and each worker process, has a generator of its own, made from the layer's
        seed, outside of any graph; so workers draw differently, and a seed repeats what they draw.
        """
        own = self.__dict__.get("generator")
        if own is None:
            return None
        backend, worker = current_backend(), _worker()
        if backend is self._backend and worker == self.__dict__["_generators"].worker:
            return own
        return self.__dict__["_generators"].get(backend, worker, own.initial_seed)

    @generator.setter
    def generator(self, value: SeedGenerator | None) -> None:
        self.__dict__["generator"] = value
        self.__dict__["_generators"] = _Generators(_worker())


class _Generators:
    """Generators of other backends and of worker processes; no attribute walk or copy of the layer meets them."""

    def __init__(self, worker: str) -> None:
        self.worker = worker  # the process that the layer was made in
        self.made: dict[tuple[str, str], SeedGenerator] = {}

    def get(self, backend: Backend, worker: str, seed: int) -> SeedGenerator:
        key = (backend.name, worker)
        if key not in self.made:
            with use_backend(backend), backend.implementation.outside_graph():
                self.made[key] = SeedGenerator(seed if worker == self.worker else _folded(seed, worker))
        return self.made[key]

    def __reduce__(self) -> Any:
        return _Generators, (self.worker,)


def _worker() -> str:
    """The name of a worker process, "" in the main one."""
    return "" if multiprocessing.parent_process() is None else multiprocessing.current_process().name


def _folded(seed: int, worker: str) -> int:
    """Another seed for each worker, the same one for a worker of the same name."""
    return int(fold_in(seed_key(seed), zlib.crc32(worker.encode()))[0])


def holds_values(inputs: Any) -> bool:
    """Whether nested lists hold text or numbers, and no tensors."""
    while isinstance(inputs, (list, tuple)) and inputs:
        inputs = inputs[0]
    return isinstance(inputs, (bool, int, float, str, bytes, np.generic, list, tuple))


def _array_of_numbers(inputs: Any) -> Any:
    """One array for nested lists of numbers."""
    try:
        array = np.asarray(inputs)
    except ValueError as error:
        raise ValueError(message("rows of numbers of different lengths", None, "Pad them to one length.")) from error
    return array.astype("float32") if array.dtype == np.float64 else array
