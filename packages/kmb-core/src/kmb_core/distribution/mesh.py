"""A grid of devices with named axes, and which axis of a tensor is split along which axis of the grid."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kmb_core.distribution.devices import engine, list_devices
from kmb_core.errors import ShapeError, message


class DeviceMesh:
    """Devices in a grid whose axes have names.

    Args:
        shape: how many devices along each axis.
        axis_names: one name for each axis.
        devices: names as `list_devices` gives them, as many as the grid holds; None takes all of the backend's.

    Raises:
        ValueError: there are not as many names as axes, or not as many devices as the grid holds.

    Example:
        >>> from kmb_core.distribution import DeviceMesh
        >>> DeviceMesh((2, 2), ("batch", "model"), [f"cpu:{index}" for index in range(4)]).devices.shape
        (2, 2)
    """

    def __init__(self, shape: Sequence[int], axis_names: Sequence[str], devices: Any = None) -> None:
        self._shape, self._axis_names = tuple(shape), list(axis_names)
        _check_axes(self._shape, self._axis_names)
        found = np.array(list_devices() if devices is None else devices).flatten()
        wanted = int(np.prod(self._shape))
        if wanted != found.size:
            what = f"DeviceMesh: shape {self._shape} holds {wanted} devices, got {found.size}"
            raise ValueError(message(what, remedy="Change the shape, or name as many devices."))
        self._devices = found.reshape(self._shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many devices along each axis."""
        return self._shape

    @property
    def axis_names(self) -> list[str]:
        """One name for each axis."""
        return self._axis_names

    @property
    def devices(self) -> np.ndarray:
        """The devices' names, in the mesh's shape."""
        return self._devices

    @property
    def backend_mesh(self) -> Any:
        """The framework's own mesh."""
        return engine("device_mesh", "DeviceMesh.backend_mesh")(self)

    def size(self, axis: str) -> int:
        """How many devices lie along an axis."""
        return self._shape[self._axis_names.index(axis)]

    def __repr__(self) -> str:
        return f"<DeviceMesh shape={self._shape}, axis_names={self._axis_names}>"


def _check_axes(shape: tuple[int, ...], names: list[str]) -> None:
    if not shape or not names:
        raise ValueError(message(f"DeviceMesh: shape and axis_names may not be empty, got {shape} and {names}"))
    if len(shape) != len(names):
        raise ValueError(message(f"DeviceMesh: expected a name for each axis of shape {shape}, got {names}"))
    if len(set(names)) != len(names):
        raise ValueError(message(f"DeviceMesh: expected different names for the axes, got {names}"))


class TensorLayout:
    """Which axis of a tensor is split along which axis of a mesh.

    Args:
        axes: for each axis of the tensor the name of an axis of the mesh, or None where it is not split.
        device_mesh: the mesh; None leaves it open until the layout is put into a `LayoutMap`.

    Raises:
        ValueError: the mesh has no axis of that name, or one axis of the mesh splits two of the tensor's.

    Example:
        >>> from kmb_core.distribution import TensorLayout
        >>> TensorLayout([None, "model"]).axes
        (None, 'model')
    """

    def __init__(self, axes: Iterable[str | None], device_mesh: DeviceMesh | None = None) -> None:
        self._axes = tuple(axes)
        self._device_mesh = device_mesh
        self._check_names()

    @property
    def axes(self) -> tuple[str | None, ...]:
        """For each axis of the tensor an axis of the mesh, or None."""
        return self._axes

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh, or None as long as it is open; it can be set once."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise ValueError(message(f"TensorLayout {self._axes}: it has a mesh already", remedy="Make a new layout."))
        self._device_mesh = device_mesh
        try:
            self._check_names()
        except ValueError:
            self._device_mesh = None
            raise

    @property
    def backend_layout(self) -> Any:
        """The framework's own layout."""
        if self._device_mesh is None:
            raise ValueError(message(f"TensorLayout {self._axes}: it has no mesh", remedy="Set `device_mesh`."))
        return engine("tensor_layout", "TensorLayout.backend_layout")(self)

    def check(self, shape: tuple[int | None, ...], where: str) -> None:
        """Refuse a tensor of a shape that cannot be laid out so."""
        if self._device_mesh is None:
            raise ValueError(message(f"{where}: the layout {self._axes} has no mesh", remedy="Set `device_mesh`."))
        if len(shape) != len(self._axes):
            raise ShapeError(message(f"{where}: the layout {self._axes} has {len(self._axes)} axes, the shape {shape}"))
        for size, axis in zip(shape, self._axes, strict=True):
            if axis is not None and size is not None and size % self._device_mesh.size(axis):
                pieces = self._device_mesh.size(axis)
                what = f"{where}: size {size} of shape {shape} is not divisible by {pieces} devices along {axis!r}"
                raise ShapeError(message(what, remedy="Choose a size that is, or a mesh with fewer devices there."))

    def __repr__(self) -> str:
        return f"<TensorLayout axes={self._axes}, device_mesh={self._device_mesh}>"

    def _check_names(self) -> None:
        named = [axis for axis in self._axes if axis is not None]
        if len(set(named)) != len(named):
            raise ValueError(message(f"TensorLayout: an axis of the mesh may split one axis only, got {self._axes}"))
        unknown = set(named) - set(self._device_mesh.axis_names if self._device_mesh else named)
        if unknown:
            names = self._device_mesh.axis_names if self._device_mesh else []
            raise ValueError(message(f"TensorLayout: unknown axes {sorted(unknown)}; the mesh has {names}"))
