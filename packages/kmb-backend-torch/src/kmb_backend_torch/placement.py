"""Where new tensors go: a GPU when there is one, else the host, or what the innermost `device` scope says.

The default is worked out once. The override is a thread-local with its field set in `__init__`, which Dynamo traces.
"""

import threading
from types import TracebackType

import torch

from kmb_core.errors import CapabilityError, message

DEFAULT = torch.device("cuda" if torch.cuda.is_available() else "cpu")
_ALIASES = {"gpu": "cuda"}


class Placement(threading.local):
    """The device that tensors are made on in this thread."""

    def __init__(self) -> None:
        self.device = DEFAULT


placement = Placement()


def torch_device(name: str) -> torch.device:
    """torch's device for "cpu", "gpu:0", "cuda:1", "mps" or "meta".

    Raises:
        CapabilityError: when torch knows no such device, or this machine has none.
    """
    kind, _, index = str(name).lower().partition(":")
    try:
        device = torch.device(":".join(filter(None, (_ALIASES.get(kind, kind), index))))
    except RuntimeError as error:
        cause = str(error).splitlines()[0]
        raise CapabilityError(message(f"device {name!r}: torch knows no such device", cause)) from None
    if device.type == "cuda" and not torch.cuda.is_available():
        cause = "It is the CPU build, or there is no driver."
        raise CapabilityError(message(f"device {name!r}: this torch sees no GPU", cause))
    present = {"cpu": 1, "cuda": torch.cuda.device_count()}.get(device.type)
    if present is not None and (device.index or 0) >= present:
        what = f"device {name!r}: torch has no such device"
        raise CapabilityError(
            message(what, f"Present are {kind}:0 to {kind}:{present - 1}.", "Write the name as 'gpu:0'.")
        )
    return device


class DeviceScope:
    """Make tensors on another device inside."""

    def __init__(self, name: str) -> None:
        self.device = torch_device(name)
        self._outer: list[torch.device] = []

    def __enter__(self) -> torch.device:
        self._outer.append(placement.device)
        placement.device = self.device
        return self.device

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        placement.device = self._outer.pop()
