"""The JAX side of the contract: tensors are `jax.Array`s, tracers among them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import Any

import jax

from kmb_backend_jax import distribution
from kmb_backend_jax.conversion import cast, convert, to_numpy
from kmb_backend_jax.dtypes import FLOATING, INTEGERS, dtype_name, native_dtype
from kmb_backend_jax.ops.rnn import projects_in_loop
from kmb_backend_jax.optimizer_step import compiled_step
from kmb_backend_jax.profiling import peak_memory, start_profile
from kmb_backend_jax.random.draws import global_keys
from kmb_backend_jax.tracing import abstract_call
from kmb_backend_jax.variable import JaxVariable
from kmb_core.errors import CapabilityError, message
from kmb_core.plugins import mirrored

__all__ = ["abstract_call", "cast", "convert", "dtype_name", "native_dtype", "to_numpy"]

# JAX's concrete class has no public name, and making an array to ask for its class would start the devices (which
# jax.distributed.initialize forbids). `is_tensor` meets it, and each class of tracer, at the first op.
tensor_types: tuple[type, ...] = ()
floating_dtypes = FLOATING
integer_dtypes = INTEGERS
# JAX's lattice is the core's, but the width of its results follows jax_enable_x64, the core's follows floatx.
promotes = False
variable_class = JaxVariable
layer_class = None
kernels: Mapping[str, Callable[..., Any]] = {
    "agreed_number": distribution.agreed_number,
    "check_distribution": distribution.check_distribution,
    "checkpoint_value": attrgetter("value"),  # Orbax writes arrays of JAX from the devices that hold them
    "compiled_step": compiled_step,
    "device_mesh": distribution.device_mesh,
    "distribute_tensor": distribution.distribute_tensor,
    "initialize_distribution": distribution.initialize_distribution,
    "list_devices": distribution.list_devices,
    "process_index_and_count": distribution.process_index_and_count,
    "tensor_layout": distribution.tensor_layout,
    "random_state": global_keys.state,
    "remat": jax.checkpoint,
    "set_random_state": global_keys.set_state,
    "projects_in_loop": projects_in_loop,
    "peak_memory": peak_memory,
    "start_profile": start_profile,
}
ops_module = mirrored("kmb_backend_jax")
compiled = jax.jit


def is_tensor(x: Any) -> bool:
    """Arrays and tracers."""
    return isinstance(x, jax.Array)


def is_traced(x: Any) -> bool:
    """Whether it is a tracer."""
    return isinstance(x, jax.core.Tracer)


def outside_graph() -> AbstractContextManager[Any]:
    """Compute at once, while a function is being traced too."""
    return jax.ensure_compile_time_eval()


def static_shape(x: Any) -> tuple[int | None, ...]:
    """The shape; None for a size that is symbolic (in `jax.export`)."""
    return tuple(size if size.__class__ is int else None for size in x.shape)


def dynamic_shape(x: Any) -> tuple[Any, ...]:
    """The shape, symbolic sizes (in `jax.export`) included: they can be computed with."""
    return tuple(x.shape)


def device_scope(name: str) -> AbstractContextManager[Any]:
    """Make a device the default: "cpu", "gpu:1"."""
    platform, _, index = name.lower().partition(":")
    platform = "gpu" if platform == "cuda" else platform
    try:
        return jax.default_device(jax.devices(platform or "none")[int(index or 0)])  # "" would be the default one
    except (RuntimeError, IndexError, ValueError) as error:
        present = ", ".join(f"{d.platform}:{d.id}" for d in jax.devices())
        what = f"device {name!r}: JAX has no such device"
        raise CapabilityError(message(what, f"Present are {present}.", "Write the name as 'gpu:0'.")) from error


def wide_float_scope() -> AbstractContextManager[Any]:
    """Allow 64-bit dtypes inside."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # where it stood before JAX 0.8

    return enable_x64(True)


def value_and_gradients(function: Callable[..., Any], arguments: list[Any]) -> tuple[Any, list[Any]]:
    """A scalar function's value and its gradients with respect to each argument."""
    value, gradients = jax.value_and_grad(lambda tensors: function(*tensors))(list(arguments))
    return value, gradients


def synchronize(tensor: Any) -> None:
    """Wait for a tensor: JAX computes in the background."""
    tensor.block_until_ready()


def framework_seed(seed: int) -> None:
    """Start the keys of draws without a seed anew."""
    global_keys.start(seed)
