"""The assembled backend: a plugin's implementation, the core's op bodies and the extensions, joined once.

`functions` maps an op's name to what runs: an extension's function, the backend's own, or the composite's body. It is a
plain dict, because the dispatcher subscripts it on every call and `torch.compile` traces through it.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from kmb_core.errors import BrokenBackendError, CapabilityError, message
from kmb_core.plugins.capabilities import Capability
from kmb_core.plugins.contract import DECLARED, BackendImplementation, BackendInfo, OpRecord, on_declare
from kmb_core.plugins.extensions import OpExtension


class Backend:
    """A framework, ready to run ops. Several are alive in one process; compare them with `is`."""

    def __init__(
        self,
        info: BackendInfo,
        implementation: BackendImplementation,
        extensions: Iterable[OpExtension] = (),
    ) -> None:
        self.info = info
        self.name = info.name
        self.implementation = implementation
        # Copied to plain attributes: each is read in a hot path.
        self.native: set[type] = set(implementation.tensor_types)
        self.floats = frozenset(implementation.floating_dtypes)
        # Floats that keep their dtype with a Python scalar; optional in the contract, because almost all do.
        self.scalar_floats = frozenset(getattr(implementation, "scalar_dtypes", implementation.floating_dtypes))
        self.integers = frozenset(implementation.integer_dtypes)
        self.numbers = self.scalar_floats | self.integers
        # Optional: tensors of other layouts, which are made dense for all ops but those named.
        self.sparse_types = frozenset(getattr(implementation, "sparse_types", ()))
        self.sparse_ops = frozenset(getattr(implementation, "sparse_ops", ()))
        self.promotes = implementation.promotes
        self.variable_class = implementation.variable_class
        self.layer_class = implementation.layer_class
        self.kernels = implementation.kernels
        self.convert = implementation.convert
        self.cast = implementation.cast
        self.to_numpy = implementation.to_numpy
        self.dtype_name = implementation.dtype_name
        self.static_shape = implementation.static_shape
        # Optional: a quicker way to a tensor's shape than its attribute, where that is no plain tuple.
        self.shape_tuple: Callable[[Any], Any] | None = getattr(implementation, "shape_tuple", None)
        self.functions: dict[str, Callable[..., Any]] = {}
        self.overridden: set[str] = set()
        self.extended: dict[str, list[str]] = {}
        self._extensions: dict[str, list[OpExtension]] = {}
        for extension in extensions:
            self._extensions.setdefault(extension.op, []).append(extension)
        self._lock = threading.Lock()
        for record in list(DECLARED.values()):
            self._take(record)
        on_declare(self._take)

    def __repr__(self) -> str:
        return f"<Backend {self.name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Backend":
        return self

    def is_tensor(self, x: Any) -> bool:
        """Whether x is a tensor of this framework; classes seen once are remembered."""
        if type(x) in self.native:
            return True
        if not self.implementation.is_tensor(x):
            return False
        if x.__class__ not in self.sparse_types:  # these take the general way through the dispatcher
            self.native.add(x.__class__)
        return True

    def supports(self, capability: Capability) -> bool:
        """Whether the capability is there, in full or in part."""
        return bool(self.info.supports(capability))

    def require(self, capability: Capability, purpose: str, remedy: str) -> None:
        """Raise CapabilityError, with the declared reason, when the capability is not there."""
        support = self.info.supports(capability)
        if not support:
            what = f"{purpose}: the {self.name} backend has no {capability.value}"
            raise CapabilityError(message(what, support.reason, remedy))

    def _take(self, record: OpRecord) -> None:
        module = self.implementation.ops_module(record.family)
        own = getattr(module, record.name, None) if module is not None else None
        if own is None and record.primitive:
            function = _lacking(self.name, record.name)
        else:
            function = own if own is not None else record.body
        if own is not None:
            self.overridden.add(record.name)
        for extension in self._extensions.get(record.name, ()):
            function = extension.apply(function)
            self.extended.setdefault(record.name, []).append(extension.origin)
        with self._lock:
            self.functions[record.name] = function

    def lacking(self) -> list[str]:
        """Names of declared primitives that the implementation does not supply."""
        return sorted(r.name for r in DECLARED.values() if r.primitive and r.name not in self.overridden)


def _lacking(backend: str, op: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        what = f"ops.{op}: backend {backend!r} does not supply this primitive"
        raise BrokenBackendError(
            message(
                what, "The plugin was made for another set of ops.", f"Upgrade the package that provides {backend!r}."
            )
        )

    return refuse
