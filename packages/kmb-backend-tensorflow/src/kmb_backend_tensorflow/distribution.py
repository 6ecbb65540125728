"""Devices of TensorFlow, and the strategy of `tf.distribute` that trains one model on several of them."""

from typing import Any
from weakref import WeakKeyDictionary

import tensorflow as tf

from kmb_core.distribution import DataParallel
from kmb_core.errors import CapabilityError, message

_strategies: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def list_devices(kind: str | None) -> list[str]:
    """The logical devices of this process; None for GPUs, or the processors where there are none."""
    if kind is None:
        return list_devices("gpu") or list_devices("cpu")
    return [name.removeprefix("/device:").lower() for name, _ in tf.config.list_logical_devices(kind.upper())]


def check_distribution(wanted: Any) -> None:
    """Refuse everything but replicas of a whole model on devices of this process."""
    if not isinstance(wanted, DataParallel):
        what = f"set_distribution: the tensorflow backend does not train under {type(wanted).__name__}"
        cause = "tf.distribute holds all weights on each device."
        raise CapabilityError(message(what, cause, "Use DataParallel, or the jax backend."))
    names = _names(wanted.device_mesh)
    known = list_devices(names[0].partition(":")[0])
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(message(f"set_distribution: there is no device {unknown[0]!r}; TensorFlow has {known}"))


def strategy_of(distribution: Any) -> Any:
    """The MirroredStrategy of a distribution; None where it has one device, and for no distribution."""
    if distribution is None or distribution.num_model_replicas == 1:
        return None
    mesh = distribution.device_mesh
    if mesh not in _strategies:
        _strategies[mesh] = tf.distribute.MirroredStrategy([f"/{name}" for name in _names(mesh)])
    return _strategies[mesh]


def _names(mesh: Any) -> list[str]:
    return [str(name) for name in mesh.devices.flatten()]
