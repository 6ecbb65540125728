"""Where the state and the batches of steps lie under a distribution.

A step is the same function with and without one: XLA follows where its arguments lie, and adds what devices have to
tell each other. Only the state's place is fixed, so that a step finds it where the one before has left it.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from kmb_backend_jax.session import Groups
from kmb_core.errors import ShapeError, message


class Placement:
    """Layouts of a distribution of `kmb_core.distribution`, as shardings of JAX."""

    def __init__(self, distribution: Any) -> None:
        self.distribution = distribution
        self.parts = distribution.num_model_replicas
        self.several = jax.process_count() > 1
        self.whole = NamedSharding(distribution.device_mesh.backend_mesh, PartitionSpec())
        # Virtual devices of a processor share its threads: of two steps at once, each may hold what the other needs.
        devices = self.whole.device_set
        self.one_at_a_time = len(devices) > 1 and all(device.platform == "cpu" for device in devices)
        self._split: dict[int, NamedSharding] = {}
        self._groups: Groups = ()

    def lay_out(self, groups: Groups) -> None:
        """Take the variables of a state; bring those to their places that were made before the distribution was set."""
        self._groups = groups
        mesh = self.distribution.device_mesh
        for variable in {id(variable): variable for group in groups for variable in group}.values():
            if variable._layout is None or variable._layout.device_mesh is not mesh:
                variable.lay_out(self.distribution.get_variable_layout(variable))

    def of_state(self, given: tuple[int, ...]) -> tuple[list[NamedSharding], ...]:
        """The shardings of these groups of the state."""
        return tuple([variable._layout.backend_layout for variable in self._groups[group]] for group in given)

    def placing(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The step on batches of the host, which are laid out in front of it."""
        if self.one_at_a_time:
            return lambda state, data: jax.block_until_ready(step(state, jax.tree.map(self.placed, data)))
        return lambda state, data: step(state, jax.tree.map(self.placed, data))

    def placed(self, x: Any) -> jax.Array:
        """A leaf of a batch over the devices: split if they can share its rows evenly, else whole on each of them."""
        if self.several:
            return self._placed_by_all(x)
        return jax.device_put(x, self._sharding(np.shape(x)))

    def _placed_by_all(self, x: Any) -> jax.Array:
        """The same, where each process can only fill its own devices."""
        x = np.asarray(x)
        x = x.astype(jax.dtypes.canonicalize_dtype(x.dtype), copy=False)
        if self.distribution.auto_shard_dataset:  # every process has the whole batch, and takes its rows out of it
            return jax.make_array_from_callback(x.shape, self._sharding(x.shape), lambda index: x[index])
        own = self.parts // jax.process_count()
        if not x.ndim or not own or len(x) % own:
            what = f"fit: a process's part of a batch has shape {x.shape}, and {own} devices to lie on"
            raise ShapeError(message(what, remedy="Give each process as many rows as its devices can share evenly."))
        return jax.make_array_from_process_local_data(self._splitting(x.shape), x)

    def _sharding(self, shape: tuple[int, ...]) -> NamedSharding:
        return self._splitting(shape) if shape and shape[0] % self.parts == 0 else self.whole

    def _splitting(self, shape: tuple[int, ...]) -> NamedSharding:
        if len(shape) not in self._split:
            self._split[len(shape)] = self.distribution.get_data_layout(shape).backend_layout
        return self._split[len(shape)]
