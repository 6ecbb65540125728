"""The devices of the current backend, and tensors laid out over them."""

from collections.abc import Callable
from typing import Any

from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, message


def engine(kernel: str, purpose: str) -> Callable[..., Any]:
    """The backend's function of that name, or an error that says what it cannot do."""
    backend = current_backend()
    found = backend.kernels.get(kernel)
    if found is None:
        raise CapabilityError(
            message(
                f"{purpose}: the {backend.name} backend has no engine for it",
                "The backend does not hand over what lays tensors out over devices.",
                "Choose a backend that does, or run without a distribution.",
            )
        )
    return found


def list_devices(device_type: str | None = None) -> list[str]:
    """The devices of all processes, as "type:index".

    Args:
        device_type: "cpu", "gpu" or "tpu"; None for the backend's best kind.

    Returns:
        Names, in the backend's order.

    Raises:
        CapabilityError: the backend lists no devices.
    """
    kind = None if device_type is None else device_type.lower()
    return list(engine("list_devices", "distribution.list_devices")(kind))


def get_device_count(device_type: str | None = None) -> int:
    """How many devices of a kind there are.

    Args:
        device_type: as for `list_devices`.

    Returns:
        A count; 0 where there is no device of that kind.

    Raises:
        CapabilityError: the backend lists no devices.
    """
    return len(list_devices(device_type))


def initialize(
    job_addresses: str | None = None, num_processes: int | None = None, process_id: int | None = None
) -> None:
    """Join the processes of a job; call it before anything else touches a device.

    Args:
        job_addresses: address and port of the coordinator (or of all processes, separated by commas: the first
            counts). None: the framework finds it in its surroundings.
        num_processes: how many processes there are.
        process_id: which of them this is, from 0.

    Raises:
        CapabilityError: the backend joins no processes.
    """
    join = engine("initialize_distribution", "distribution.initialize")
    join(None if job_addresses is None else job_addresses.split(",")[0], num_processes, process_id)


def distribute_tensor(tensor: Any, layout: Any) -> Any:
    """Lay a tensor out over the devices of a mesh.

    Args:
        tensor: a tensor of any shape and dtype.
        layout: a `TensorLayout` with a mesh.

    Returns:
        A tensor with the same values.

    Raises:
        CapabilityError: the backend lays no tensors out.
        ShapeError: the layout has another number of axes, or a size is not divisible by its devices.
    """
    place = engine("distribute_tensor", "distribution.distribute_tensor")
    layout.check(tuple(tensor.shape), "distribution.distribute_tensor")
    return place(tensor, layout)
