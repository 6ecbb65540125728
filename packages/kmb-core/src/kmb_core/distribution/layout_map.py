"""Layouts by the paths of variables."""

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from kmb_core.distribution.mesh import DeviceMesh, TensorLayout
from kmb_core.errors import message


class LayoutMap(MutableMapping):
    """Layouts by a variable's path, or by a regular expression that is found in it.

    A path that stands in the map itself comes first; else exactly one expression may be found in it.

    Args:
        device_mesh: the mesh of all layouts that have none.

    Example:
        >>> from kmb_core.distribution import DeviceMesh, LayoutMap
        >>> layouts = LayoutMap(DeviceMesh((2,), ("model",), ["cpu:0", "cpu:1"]))
        >>> layouts["dense.*kernel"] = (None, "model")
        >>> layouts["dense_1/kernel"].axes, layouts["conv/kernel"]
        ((None, 'model'), None)
    """

    def __init__(self, device_mesh: DeviceMesh) -> None:
        self._device_mesh = device_mesh
        self._layouts: dict[str, TensorLayout] = {}

    @property
    def device_mesh(self) -> DeviceMesh:
        """The mesh of all layouts that have none."""
        return self._device_mesh

    def __getitem__(self, key: str) -> Any:
        """The layout of a path; None where nothing fits, a ValueError where several expressions do."""
        if key in self._layouts:
            return self._layouts[key]
        found = [pattern for pattern in self._layouts if re.search(pattern, key)]
        if len(found) > 1:
            what = f"LayoutMap: several expressions fit {key!r}: {found}"
            raise ValueError(message(what, remedy="Write them so that one fits each path."))
        return self._layouts[found[0]] if found else None

    def __setitem__(self, key: str, layout: Any) -> None:
        """Add a layout, or a tuple of its axes."""
        if key in self._layouts:
            raise ValueError(message(f"LayoutMap: {key!r} is there already", remedy="Delete it first."))
        if isinstance(layout, tuple):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(message(f"LayoutMap[{key!r}]: expected a TensorLayout or a tuple, got {layout!r}"))
        if layout.device_mesh is None:
            layout.device_mesh = self._device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key: str) -> None:
        """Take an expression out."""
        del self._layouts[key]

    def __len__(self) -> int:
        """How many expressions there are."""
        return len(self._layouts)

    def __iter__(self) -> Iterator[str]:
        """The expressions, in the order in which they came."""
        return iter(self._layouts)
