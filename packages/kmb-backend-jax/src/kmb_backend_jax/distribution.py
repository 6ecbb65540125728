"""Devices of JAX, and arrays laid out over them with `NamedSharding`."""

from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from kmb_core.errors import message


def list_devices(kind: str | None) -> list[str]:
    """The devices of all processes; none of a kind that this machine lacks."""
    try:
        devices = jax.devices(kind)
    except RuntimeError:
        return []
    return [f"{_kind(device)}:{device.id}" for device in devices]


def check_distribution(distribution: Any) -> None:
    """Every distribution can be trained under whose devices are there."""
    _ = distribution.device_mesh.backend_mesh


def agreed_number(number: int) -> int:
    """The number below 2**64 that the first process gives."""
    if jax.process_count() == 1:
        return number
    digits = np.array([number >> shift & 0xFFFF for shift in (0, 16, 32, 48)], "int32")
    agreed = multihost_utils.broadcast_one_to_all(digits).tolist()
    return sum(digit << 16 * place for place, digit in enumerate(agreed))


def device_mesh(mesh: Any) -> Mesh:
    """The mesh of JAX that holds the named devices."""
    if mesh not in _meshes:
        _meshes[mesh] = _mesh(mesh)
    return _meshes[mesh]


_meshes: WeakKeyDictionary[Any, Mesh] = WeakKeyDictionary()


def _mesh(mesh: Any) -> Mesh:
    found = [_device(str(name)) for name in mesh.devices.flatten()]
    return Mesh(np.array(found).reshape(mesh.shape), tuple(mesh.axis_names))


def tensor_layout(layout: Any) -> NamedSharding:
    """The sharding of JAX."""
    return NamedSharding(layout.device_mesh.backend_mesh, PartitionSpec(*layout.axes))


def distribute_tensor(tensor: Any, layout: Any) -> jax.Array:
    """The array under the layout; a constraint while a function is traced."""
    if isinstance(tensor, jax.core.Tracer):
        return jax.lax.with_sharding_constraint(tensor, layout.backend_layout)
    return jax.device_put(tensor, layout.backend_layout)


def initialize_distribution(address: str | None, processes: int | None, index: int | None) -> None:
    """Join the processes of a job."""
    jax.distributed.initialize(coordinator_address=address, num_processes=processes, process_id=index)


def process_index_and_count() -> tuple[int, int]:
    """Which process this is, and how many there are."""
    return jax.process_index(), jax.process_count()


def _kind(device: Any) -> str:
    return "gpu" if device.platform in ("cuda", "rocm") else device.platform


def _device(name: str) -> Any:
    kind = name.partition(":")[0]
    known = list_devices(kind)
    if name not in known:
        raise ValueError(message(f"DeviceMesh: there is no device {name!r}; JAX has {known}"))
    return jax.devices(kind)[known.index(name)]
