"""One call in both libraries: its outputs, what it says of symbolic tensors, and its node in a model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import kmb_core
from kmb_core.backend import current_backend
from kmb_core.dtypes import standardize_dtype
from kmb_core.ops.rules import fits

from .calls import Call
from .names import function_of
from .outcomes import Outcome, differences, outcome, told


@dataclass(frozen=True)
class Found:
    """A difference between the libraries; `proof` says which other result of Keras agrees with kmb, if one does."""

    aspect: str
    call: Call
    detail: str
    proof: str = ""

    def __str__(self) -> str:
        return f"{self.aspect}: {self.call}: {self.detail}{f' [{self.proof}]' if self.proof else ''}"


FORESEEN = "as Keras foresees"  # on symbolic tensors
COMPUTED = "as Keras computes"  # on tensors, whatever it foresees
REFUSED = "as Keras computes: it refuses the call too"


def compared(keras: Any, name: str, call: Call) -> Iterator[Found]:
    """All that differs in a call."""
    ours, theirs = (made(library, name, call, tensors(call)) for library in (kmb_core, keras))
    foreseen = foresight(keras, name, call, 0) if call.symbolic and call.arrays else None
    tolerance = _tolerance(call) if call.values else 0.0
    for aspect, detail in differences(ours, theirs, tolerance, call.low_tolerance):
        yield Found(aspect, call, detail, FORESEEN if foreseen and agree(aspect, ours, foreseen[1]) else "")
    if foreseen is not None:
        yield from symbolic(call, *foreseen, theirs, "spec")
        if call.unknown_batch:
            yield from symbolic(call, *foresight(keras, name, call, call.unknown_batch), theirs, "batch")
    if call.described and call.arrays:
        yield from node(keras, name, call)


def _tolerance(call: Call) -> float:
    """Inputs of 16 bits are rounded at different places, also on their way to results of 32 bits."""
    narrow = {str(array.dtype) for array in call.arrays} & {"float16", "bfloat16"}
    if not narrow:
        return call.tolerance
    return max(call.tolerance, call.low_tolerance / (1 if "bfloat16" in narrow else 8))


def symbolic(call: Call, ours: Outcome, theirs: Outcome, eager: Outcome, kind: str) -> Iterator[Found]:
    """What differs between the outputs that the libraries foresee."""
    for aspect, detail in differences(ours, theirs, 0.0, 0.0):
        if aspect == "refused":
            proof = REFUSED if eager.error is not None else ""
        else:
            proof = COMPUTED if agree(aspect, ours, eager) else ""
        yield Found(f"{kind} {aspect}", call, detail, proof)


def agree(aspect: str, one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes agree in an aspect that does not need values; sizes that are not known agree with any."""
    if one.error is not None or other.error is not None or one.structure != other.structure:
        return False
    pairs = list(zip(one.leaves, other.leaves, strict=True))
    if aspect == "dtype":
        return all(a.dtype == b.dtype for a, b in pairs)
    if aspect == "shape":
        return all(fits(a.shape or (), b.shape or ()) for a, b in pairs)
    return aspect == "structure"


def made(library: Any, name: str, call: Call, values: Sequence[Any]) -> Outcome:
    """The outcome of a call in one library."""
    return outcome(lambda: call.make(library.ops, function_of(library, name), values))


def tensors(call: Call) -> list[Any]:
    """The inputs as the framework's tensors, which both libraries take."""
    backend = current_backend()
    return [backend.convert(array, standardize_dtype(array.dtype)) for array in call.arrays]


def foresight(keras: Any, name: str, call: Call, unknown: int) -> tuple[Outcome, Outcome]:
    """What the libraries foresee from inputs without values, of which some have a first size that is unknown."""
    outcomes = []
    for library in (kmb_core, keras):
        shapes = [
            (None, *array.shape[1:]) if place < unknown and array.ndim else array.shape
            for place, array in enumerate(call.arrays)
        ]
        given = [
            library.KerasTensor(shape, standardize_dtype(array.dtype))
            for shape, array in zip(shapes, call.arrays, strict=True)
        ]
        outcomes.append(made(library, name, call, given))
    return outcomes[0], outcomes[1]


# Nodes -----------------------------------------------------------------------------------------------------------


def node(keras: Any, name: str, call: Call) -> Iterator[Found]:
    """What differs between the descriptions of a model that makes the call alone; what Keras cannot build passes."""
    try:
        theirs = described(keras, name, call)
    except Exception:
        return
    try:
        ours = described(kmb_core, name, call)
    except Exception as error:
        yield Found("node refused", call, told(error))
        return
    for key in ("module", "class_name", "registered_name", "config", "inbound_nodes"):
        if ours[key] != theirs[key]:
            yield Found(f"node {key}", call, f"{ours[key]}, Keras {theirs[key]}")


def described(library: Any, name: str, call: Call) -> dict[str, Any]:
    """The description of the call's operation, without its name and what is None, which is read as left out."""
    inputs = [
        library.Input(batch_shape=array.shape, dtype=standardize_dtype(array.dtype), name=f"input_{place}")
        for place, array in enumerate(call.arrays)
    ]
    outputs = call.make(library.ops, function_of(library, name), inputs)
    layers = library.Model(inputs, outputs).get_config()["layers"]
    (entry,) = [layer for layer in layers if not layer["name"].startswith("input_")]
    nodes = [{"args": _given(node["args"]), "kwargs": _stated(node["kwargs"])} for node in entry["inbound_nodes"]]
    plain = {key: value for key, value in entry["config"].items() if key != "name" and value is not None}
    return {**entry, "config": _plain(plain), "inbound_nodes": _plain(nodes)}


def _given(args: Sequence[Any]) -> list[Any]:
    args = list(args)
    while args and args[-1] is None:
        args.pop()
    return args


def _stated(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if value is not None}


def _plain(config: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_plain(value) for value in config]
    return config
