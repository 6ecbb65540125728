"""What is split over the devices: batches alone, or weights too."""

import warnings
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.distribution.active import under
from kmb_core.distribution.devices import engine
from kmb_core.distribution.layout_map import LayoutMap
from kmb_core.distribution.mesh import DeviceMesh, TensorLayout
from kmb_core.errors import message


class _Distribution:
    """A mesh, the axis along which batches are split, and the layouts that follow."""

    def __init__(self, device_mesh: DeviceMesh, batch_dim_name: str, auto_shard_dataset: bool) -> None:
        if batch_dim_name not in device_mesh.axis_names:
            names = device_mesh.axis_names
            raise ValueError(message(f"batch_dim_name: the mesh has no axis {batch_dim_name!r}, it has {names}"))
        self._device_mesh, self._batch_dim_name = device_mesh, batch_dim_name
        self._auto_shard_dataset = auto_shard_dataset

    @property
    def device_mesh(self) -> DeviceMesh:
        """The devices."""
        return self._device_mesh

    @property
    def batch_dim_name(self) -> str:
        """The axis of the mesh along which batches are split."""
        return self._batch_dim_name

    @property
    def auto_shard_dataset(self) -> bool:
        """Whether each process takes its own part of a data set."""
        return self._auto_shard_dataset

    @auto_shard_dataset.setter
    def auto_shard_dataset(self, auto_shard_dataset: bool) -> None:
        self._auto_shard_dataset = auto_shard_dataset

    @property
    def num_processes(self) -> int:
        """How many processes work together."""
        return self._processes()[1]

    @property
    def num_model_replicas(self) -> int:
        """How many whole models the mesh holds."""
        return self._device_mesh.size(self._batch_dim_name)

    @property
    def data_shard_id(self) -> int:
        """Which part of the data this process works on."""
        index, count = self._processes()
        return index if self.num_model_replicas >= count else index * self.num_model_replicas // count

    def get_data_layout(self, data_shape: Any) -> TensorLayout:
        """The layout of a batch: the first axis is split, the others are whole."""
        return TensorLayout([self._batch_dim_name, *[None] * (len(data_shape) - 1)], self._device_mesh)

    def scope(self) -> AbstractContextManager[None]:
        """Set this distribution for the time of a block."""
        return under(self)

    def distribute_dataset(self, dataset: Any) -> Any:
        """The part of a data set that this process works on."""
        if self.num_processes == 1 or not self._auto_shard_dataset:
            return dataset
        return engine("shard_dataset", "distribute_dataset")(dataset, self.num_model_replicas, self.data_shard_id)

    def distribute_tf_dataset(self, dataset: Any) -> Any:
        """The older name of `distribute_dataset`."""
        return self.distribute_dataset(dataset)

    def _whole(self, variable: Any) -> TensorLayout:
        return TensorLayout([None] * len(variable.shape), self._device_mesh)

    @staticmethod
    def _processes() -> tuple[int, int]:
        kernel = current_backend().kernels.get("process_index_and_count")
        return (0, 1) if kernel is None else kernel()


class DataParallel(_Distribution):
    """Each device holds all weights and works on its part of every batch.

    Args:
        device_mesh: a mesh of one axis; of a larger one the first axis counts.
        devices: names of devices, instead of a mesh; None takes all of the backend's.
        auto_shard_dataset: whether each process takes its own part of a data set.

    Example:
        >>> from kmb_core.distribution import DataParallel
        >>> DataParallel(devices=["cpu:0", "cpu:1"]).get_data_layout((8, 3)).axes
        ('batch', None)
    """

    def __init__(
        self, device_mesh: DeviceMesh | None = None, devices: Any = None, auto_shard_dataset: bool = True
    ) -> None:
        if device_mesh is None:
            names = np.array(engine("list_devices", "DataParallel")(None) if devices is None else devices).flatten()
            device_mesh = DeviceMesh((names.size,), ("batch",), names)
        elif len(device_mesh.shape) > 1:
            warnings.warn(f"DataParallel: batches are split along the first axis of {device_mesh} only", stacklevel=2)
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """Every variable is whole on each device."""
        return self._whole(variable)

    def get_tensor_layout(self, path: str) -> None:
        """No tensor inside a model has a layout of its own."""
        return


class ModelParallel(_Distribution):
    """Weights are split as a `LayoutMap` says; batches are split along one axis of the mesh.

    Args:
        layout_map: layouts by the variables' paths; a variable that it does not know is whole on each device.
        batch_dim_name: the axis of the mesh along which batches are split; None takes the first.
        auto_shard_dataset: whether each process takes its own part of a data set.
        kwargs: `device_mesh`, which must be the map's.

    Example:
        >>> from kmb_core.distribution import DeviceMesh, LayoutMap, ModelParallel
        >>> mesh = DeviceMesh((2, 2), ("batch", "model"), [f"cpu:{index}" for index in range(4)])
        >>> ModelParallel(layout_map=LayoutMap(mesh)).num_model_replicas
        2
    """

    def __init__(
        self,
        *,
        layout_map: LayoutMap | None = None,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(message(f"ModelParallel: expected layout_map, a LayoutMap, got {layout_map!r}"))
        mesh = kwargs.pop("device_mesh", layout_map.device_mesh)
        if kwargs or mesh is not layout_map.device_mesh:
            raise ValueError(
                message(f"ModelParallel: unknown arguments {sorted(kwargs)}, or a mesh that is not the map's")
            )
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self._layout_map = layout_map

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """The map's layout for the variable's path, else whole."""
        return self._layout_map[variable.path] or self._whole(variable)

    def get_tensor_layout(self, path: str) -> Any:
        """The map's layout for a path, or None."""
        return self._layout_map[path]
