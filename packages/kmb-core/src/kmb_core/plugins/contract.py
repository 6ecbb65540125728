"""The contract between core and backends: what a plugin says of itself and what it hands over.

The contract is one integer. A composite op does not change it; a new primitive does; hooks only gain keyword arguments.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from kmb_core.plugins.capabilities import UNDECLARED, Capability, Support
from kmb_core.typing import Tensor

CONTRACT = 1


@dataclass(frozen=True)
class BackendInfo:
    """What a plugin says of itself without importing its framework.

    `framework` is the distribution whose version counts ("torch"); `priority` orders the automatic choice, highest
    first; `deviations` maps a conformance case ("ops::name" or a glob) to the reason why it is expected to fail.
    """

    name: str
    framework: str
    contract: int = CONTRACT
    priority: int = 0
    capabilities: Mapping[Capability, Support] = field(default_factory=dict)
    devices: tuple[str, ...] = ("cpu",)
    deviations: Mapping[str, str] = field(default_factory=dict)

    def supports(self, capability: Capability) -> Support:
        """The declared support; undeclared means none."""
        return self.capabilities.get(capability, UNDECLARED)


class BackendImplementation(Protocol):
    """What `kmb_make_backend` returns: a module or an object with these members.

    Functions get and give the framework's own tensors; dtypes cross the border as canonical names ("float32").
    """

    tensor_types: tuple[type, ...]  # exact classes taken as they are, without an isinstance test
    floating_dtypes: tuple[Any, ...]  # the framework's dtype objects
    integer_dtypes: tuple[Any, ...]  # without bool
    promotes: bool  # True: the framework's own promotion is the core's table (checked by conformance)
    variable_class: type
    layer_class: type | None  # native base for layers (torch.nn.Module), or None
    # Optional accelerations by name, for instance "adam_update". "projects_in_loop" says, without arguments, whether
    # recurrent layers project each step's inputs in the loop; where it is missing, all are one product in front of it.
    # "start_profile" (folder) starts the framework's profiler and gives the function that ends it and writes the trace.
    # "peak_memory" () gives the most bytes that were held on the current accelerator; None on the host.
    # "checkpoint_value" (variable) gives what Orbax stores of it, where that is no array of the host.
    # Of devices: "list_devices" (kind or None), "device_mesh" (mesh), "tensor_layout" (layout), "distribute_tensor"
    # (tensor, layout), "initialize_distribution" (address, processes, index), "process_index_and_count" (), and
    # "shard_dataset" (dataset, shards, index), as `kmb_core.distribution` describes them. Who declares the capability
    # DISTRIBUTION has "check_distribution" (distribution) too, which raises CapabilityError for one that it cannot
    # train under, and, where it joins processes, "agreed_number" (number), which gives every process the first one's.
    # "traced_signature" (function) says what a function that the framework has traced takes, as specs.
    # "compiled_whole" is `compiled` for compilers that else leave parts to Python: it refuses what they would leave.
    kernels: Mapping[str, Callable[..., Any]]

    # Of layers that prepare data: "host_call" (function, tensors, dtype, shape) calls a function of arrays in a graph,
    # "as_sparse" and "ragged" (rows without the zeros behind them) change a tensor's layout. Five go together, for
    # graphs that look up without the host: "lookup_table" (keys, values, value for others or None where there may be
    # none, layer) makes, outside of the graph, a function of tensors of text or int64; "text_buckets" (tensor, count,
    # key or None, masked text) hashes as `fingerprints` do; "row_counts" (ids, depth, dtype, binary, negative)
    # counts in rows; "crossed_buckets" (tensors, count) hashes features together; "ranges" (tensor, boundaries) says
    # between which boundaries numbers lie.
    # Optional: `sparse_types`, classes of tensors that are made dense, by `convert`, for all ops but `sparse_ops`.

    def ops_module(self, family: str) -> ModuleType | None:
        """The module that mirrors `kmb_core.<family>` ("ops.linalg"); None when there is none. See `mirrored`."""

    def is_tensor(self, x: Any) -> bool:
        """Whether x is one of the framework's tensors (symbolic ones while tracing included)."""

    def convert(self, x: Any, dtype: str | None = None) -> Tensor:
        """A tensor from an array, a scalar, a nested list or a tensor; dtype None keeps x's."""

    def to_numpy(self, x: Tensor) -> np.ndarray:
        """The tensor's values on the host."""

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        """The tensor with another dtype; the same object when it has it already."""

    def dtype_name(self, x: Tensor) -> str:
        """The canonical name of a tensor's dtype."""

    def native_dtype(self, dtype: str) -> Any:
        """The framework's dtype object."""

    def static_shape(self, x: Tensor) -> tuple[int | None, ...]:
        """The shape as far as it is known without running anything; None where it is not."""

    def is_traced(self, x: Tensor) -> bool:
        """Whether a tensor of this framework has no value, but stands for one in a graph that is being traced."""

    def outside_graph(self) -> AbstractContextManager[Any]:
        """Leave the graph that is being traced: what is made inside has a value and outlives the graph."""

    def abstract_call(self, function: Callable[..., Any], arguments: Any) -> Any:
        """Outputs as (shape, dtype) of `function` on KerasTensors, traced by the framework itself."""

    def device_scope(self, name: str) -> AbstractContextManager[Any]:
        """Place what is created inside on a device."""

    def wide_float_scope(self) -> AbstractContextManager[Any]:
        """Allow float64 inside, for frameworks that narrow it by default."""

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function under the framework's compiler (conformance compares it with eager)."""

    def value_and_gradients(
        self, function: Callable[..., Tensor], arguments: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """A scalar function's value and its gradients with respect to each argument."""

    def synchronize(self, tensor: Tensor) -> None:
        """Wait until the tensor has been computed (benchmarks)."""

    def framework_seed(self, seed: int) -> None:
        """Seed the framework's own global generator."""


@dataclass(frozen=True)
class Endpoint:
    """One function of an export, and what it takes.

    `function` computes as `predict` does. It takes tensors of the backend, one argument for each part of `signature`: a
    `KerasTensor` or nested ones, whose names are those of the inputs; None is a size that stays open. The first axis is
    the batch: where it is open, it is the same for all inputs. `options` are arguments of the call, for the exporter.
    """

    name: str
    function: Callable[..., Any]
    signature: tuple[Any, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportRequest:
    """What the core hands to an exporter.

    `variables` are the weights, each once: all that the endpoints read and all of the `resources` (models, layers, and
    objects of the framework that were tracked). `collections` are variables to be found again by a name. `options` is
    what the user passed to `write_out` for the whole artifact.
    """

    endpoints: tuple[Endpoint, ...]
    variables: tuple[Any, ...]
    resources: tuple[Any, ...] = ()
    collections: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    options: Any = None


class Exporter(Protocol):
    """What `kmb_exporters` gives for the name of a format. Making one must not import the framework.

    The core finds the exporter, makes the request, moves the result to its place at once, and compares what `load`
    gives with the endpoints; an exporter only writes and reads.
    """

    suffix: str  # of the file that is written; "" where it is a folder
    contents: frozenset[str]  # what may lie in a folder that it writes, and with it what an export may replace
    packages: Mapping[str, str]  # modules that it needs beside the framework, with the names that pip knows them by
    option_names: frozenset[str]  # options of an endpoint that it understands
    several_endpoints: bool  # whether one artifact holds more than one
    collects_variables: bool  # whether variables can be found again by the name of a collection

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the artifact to `path`, where nothing is. Whatever it raises is reported with the layer at fault."""

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The endpoints of an artifact: functions of NumPy arrays in the signature's structure.

        They give arrays, in any nesting whose leaves come in the order of `kmb_core.tree.flatten` of the outputs.
        `endpoints` are those that were written, where they are known: a format may keep neither order nor nesting.
        """


@dataclass(frozen=True)
class OpRecord:
    """A declared op, as far as assembling a backend needs to know it."""

    name: str
    family: str
    body: Callable[..., Any]
    primitive: bool


DECLARED: dict[str, OpRecord] = {}
_listeners: list[Callable[[OpRecord], None]] = []


def declare(record: OpRecord) -> None:
    """Add an op to the contract; backends that are alive take it up at once."""
    if record.name in DECLARED and DECLARED[record.name].family != record.family:
        raise ValueError(f"op {record.name!r} is declared twice: in {DECLARED[record.name].family} and {record.family}")
    DECLARED[record.name] = record
    for listener in _listeners:
        listener(record)


def on_declare(listener: Callable[[OpRecord], None]) -> None:
    """Call `listener` for each op declared from now on."""
    _listeners.append(listener)
