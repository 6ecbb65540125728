"""`check_layer`: what every layer has to do, built-in or custom, on whichever backend is current.

    from kmb_core.conformance.layer_check import check_layer

    def test_my_layer():
        check_layer(lambda: MyLayer(4), (2, 5, 3))

Each promise is a function below; a failure names the layer and the promise that it breaks.
"""

import copy
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from kmb_core import Input, Layer, Model, saving, tree
from kmb_core.backend import KerasTensor, current_backend
from kmb_core.conformance.checks import assert_close
from kmb_core.dtypes import is_float, numpy_dtype, standardize_dtype
from kmb_core.layers.call_plan import call_plan
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.layers.specialization import public_class
from kmb_core.ops.creation import cast
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.plugins import Capability
from kmb_core.serialization import deserialize_keras_object, serialize_keras_object


@dataclass(frozen=True)
class Given:
    """One input of a layer: its shape, its dtype, and the range of its numbers (`high` excluded for integers)."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = -1.0
    high: float = 1.0

    def array(self, generator: np.random.Generator, batch: int | None = None) -> np.ndarray:
        """Numbers of that kind; with `batch`, as many samples."""
        shape = self.shape if batch is None else (batch, *self.shape[1:])
        if is_float(self.dtype):
            return generator.uniform(self.low, self.high, shape).astype(numpy_dtype(self.dtype))
        if self.dtype == "string":
            numbers = generator.integers(int(self.low), int(self.high), shape)
            return np.array([f"word {n}" for n in numbers.flat], dtype="<U8").reshape(shape)
        if self.dtype == "bool":
            return generator.integers(0, 2, shape).astype(bool)
        return generator.integers(int(self.low), int(self.high), shape).astype(self.dtype)


@dataclass(frozen=True)
class LayerCase:
    """A layer, its inputs, and which promises it does not make.

    `make` gives a new layer each time. `inputs` is a nested structure of `Given`. `keywords` go with every call.
    """

    name: str
    make: Callable[..., Layer]
    inputs: Any
    keywords: dict[str, Any] = field(default_factory=dict)
    unknown: tuple[int, ...] = (0,)  # axes whose size need not be known beforehand
    random: bool = False  # outputs differ from call to call in training
    differentiable: bool = True  # gradients reach all trainable weights
    batch_free: bool = True  # whether any number of samples will do
    apart: bool = False  # inputs are a list: the call's first arguments, and not one argument
    saved: bool = True  # whether a functional model of it can be saved
    low_tolerance: float = 0.05  # in bfloat16, of the larger of 1 and the expected value
    tolerance: float = 1e-5
    compiled: bool = True
    keeps_dtype: bool = False  # outputs have a dtype of their own (integers, text, the input's)
    other_dtypes: bool = True  # whether it computes in any floating dtype

    def arrays(self, batch: int | None = None) -> Any:
        """The inputs as arrays, the same each time."""
        generator = np.random.default_rng(0)
        return tree.map_structure(lambda given: given.array(generator, batch), self.inputs)

    def symbols(self, unknown: Sequence[int] = ()) -> Any:
        """The inputs as symbolic tensors, the sizes of some axes unknown."""

        def symbol(given: Given) -> KerasTensor:
            return KerasTensor([None if i in unknown else s for i, s in enumerate(given.shape)], given.dtype)

        return tree.map_structure(symbol, self.inputs)

    def call(self, layer: Layer, inputs: Any, **keywords: Any) -> Any:
        """One call, with `training` only where the layer takes it."""
        if not call_plan(type(layer)).takes_training:
            keywords.pop("training", None)
        return layer(*self.arguments(inputs), **self.keywords, **keywords)

    def arguments(self, inputs: Any) -> list[Any]:
        """The inputs as a call's positional arguments."""
        return list(inputs) if self.apart else [inputs]

    def built(self) -> Layer:
        """A new layer that was called once."""
        layer = self.make()
        self.call(layer, self.arrays(), training=False)
        return layer

    def outputs(self, layer: Layer, inputs: Any = None, **keywords: Any) -> list[np.ndarray]:
        """The outputs of a call for inference as arrays, flat."""
        given = self.arrays() if inputs is None else inputs
        return arrays_of(self.call(layer, given, training=False, **keywords))


def arrays_of(outputs: Any) -> list[np.ndarray]:
    """A layer's outputs as a flat list of arrays."""
    to_numpy = current_backend().to_numpy
    return [to_numpy(x) for x in tree.flatten(outputs) if x is not None]


def check_layer(make: Callable[[], Layer], inputs: Any, keywords: dict[str, Any] | None = None, **options: Any) -> None:
    """Check that a layer keeps every promise that layers make, on the current backend.

    Args:
        make: a function that gives a new layer.
        inputs: a shape with batch axis, or a nested structure of shapes or `Given`.
        keywords: arguments of each call.
        **options: fields of `LayerCase`, for promises that this layer does not make.

    Raises:
        AssertionError: listing the promises that are broken.
    """
    case = LayerCase(type(make()).__name__, make, given_of(inputs), keywords or {}, **options)
    complaints = []
    for name, promise in promises(case).items():
        try:
            promise(case)
        except Exception as error:  # each broken promise is worth telling
            complaints.append(f"{case.name}: {name}: {type(error).__name__}: {error}")
    if complaints:
        raise AssertionError("\n".join(complaints))


def given_of(inputs: Any) -> Any:
    """Shapes as `Given`."""
    if isinstance(inputs, Given):
        return inputs
    if isinstance(inputs, (tuple, list)) and all(isinstance(size, int) for size in inputs):
        return Given(tuple(inputs))
    if isinstance(inputs, dict):
        return {name: given_of(part) for name, part in inputs.items()}
    return [given_of(part) for part in inputs]


# Promises --------------------------------------------------------------------------------------------------------


def builds_once(case: LayerCase) -> None:
    """Weights are made by the first call and by no other."""
    layer = case.built()
    assert layer.built, "a call does not build it"
    weights = [id(w) for w in layer.weights]
    first, second = case.outputs(layer), case.outputs(layer)
    assert [id(w) for w in layer.weights] == weights, "a second call makes weights"
    assert first, "there is no output"
    _all_close(second, first, 0.0, "a second call gives something else")


def infers_shapes(case: LayerCase) -> None:
    """Symbolic calls give the shapes and dtypes of eager ones, unknown sizes included."""
    layer = case.built()
    eager = case.outputs(layer)
    for unknown in ((), case.unknown):
        for maker in (case.make(), layer):
            symbolic = tree.flatten(case.call(maker, case.symbols(unknown)))
            assert len(symbolic) == len(eager), f"{len(symbolic)} symbolic outputs, {len(eager)} eager ones"
            for inferred, array in zip(symbolic, eager, strict=True):
                _same_spec(inferred, array, bool(unknown))


def describes_itself(case: LayerCase) -> None:
    """The config, through JSON, gives an equal layer."""
    layer = case.built()
    written = json.loads(json.dumps(serialize_keras_object(layer)))
    again = deserialize_keras_object(written, custom_objects=_own_class(layer))
    assert type(again) is type(layer), f"{type(again).__name__} comes back"
    assert _plain(again.get_config()) == _plain(layer.get_config()), "the config of the config differs"
    case.call(again, case.arrays(), training=False)
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights], "other weights come back"
    again.set_weights(layer.get_weights())
    _all_close(case.outputs(again), case.outputs(layer), case.tolerance, "the layer that comes back differs")


def can_be_copied(case: LayerCase) -> None:
    """A deep copy computes the same, with weights of its own."""
    layer = case.built()
    expected = case.outputs(layer)
    other = copy.deepcopy(layer)
    for weight in layer.weights:
        if is_float(weight.dtype):
            weight.assign(np.zeros(weight.shape))
    _all_close(case.outputs(other), expected, 0.0, "the copy differs")


def can_be_saved(case: LayerCase) -> None:
    """A functional model of it is saved and loaded, and computes the same."""
    model = functional(case)
    expected = arrays_of(model(case.arrays(), training=False))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.keras"
        saving.save_model(model, path)
        loaded = saving.load_model(path, custom_objects=_own_class(case.make()))
    _all_close(arrays_of(loaded(case.arrays(), training=False)), expected, case.tolerance, "the loaded model differs")


def trains(case: LayerCase) -> None:
    """Gradients reach every trainable weight, and are finite."""
    layer = case.built()
    weights = layer.trainable_variables
    fixed = [v.value for v in layer.non_trainable_variables]

    def total(*values: Any) -> Any:
        outputs, _ = layer.stateless_call(list(values), fixed, *case.arguments(case.arrays()), **case.keywords)
        parts = [sum_of(x * x + x) for x in map(_float32, tree.flatten(outputs)) if x is not None]
        return sum(parts[1:], parts[0])

    if not weights:
        return
    backend = current_backend()
    _, gradients = backend.implementation.value_and_gradients(total, [w.value for w in weights])
    for weight, gradient in zip(weights, gradients, strict=True):
        array = backend.to_numpy(gradient)
        assert array.shape == tuple(weight.shape), f"the gradient of {weight.path} has shape {array.shape}"
        assert np.isfinite(array).all(), f"the gradient of {weight.path} is not finite"
        assert np.any(array != 0), f"no gradient reaches {weight.path}"


def is_stateless(case: LayerCase) -> None:
    """`stateless_call` gives what a call gives, and changes nothing."""
    layer = case.built()
    expected = case.outputs(layer)
    before = layer.get_weights()
    keywords = {"training": False} if call_plan(type(layer)).takes_training else {}
    outputs, updated = layer.stateless_call(
        [v.value for v in layer.trainable_variables],
        [v.value for v in layer.non_trainable_variables],
        *case.arguments(case.arrays()),
        **case.keywords,
        **keywords,
    )
    _all_close(arrays_of(outputs), expected, 0.0, "stateless_call differs")
    assert len(updated) == len(layer.non_trainable_variables), "another number of states comes back"
    _all_close(layer.get_weights(), before, 0.0, "stateless_call changes weights")


def knows_training(case: LayerCase) -> None:
    """Training works; what is random differs from call to call, all else does not."""
    layer = case.built()
    if not call_plan(type(layer)).takes_training:
        return
    state = layer.get_weights()
    first = arrays_of(case.call(layer, case.arrays(), training=True))
    layer_state_is_kept = not case.random
    if layer_state_is_kept:
        layer.set_weights(state)
    second = arrays_of(case.call(layer, case.arrays(), training=True))
    _finite(first)
    assert [a.shape for a in first] == [a.shape for a in case.outputs(layer)], "training gives other shapes"
    if case.random:
        assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True)), "nothing random happens"
    else:
        _all_close(second, first, case.tolerance, "training gives something else each time")


def takes_any_batch(case: LayerCase) -> None:
    """One sample, several and none."""
    layer = case.built()
    whole = case.outputs(layer)
    for batch in (1, 3, 0):
        inputs = case.arrays(batch)
        outputs = arrays_of(case.call(layer, inputs, training=False))
        assert [a.shape[1:] for a in outputs] == [a.shape[1:] for a in whole], f"other shapes for {batch} samples"
        assert all(a.shape[0] % max(batch, 1) == 0 for a in outputs), f"other lengths for {batch} samples"


def computes_in_other_dtypes(case: LayerCase) -> None:
    """The compute dtype is that of the outputs; weights keep the variable dtype; values are about the same."""
    reference = case.built()
    expected = case.outputs(reference)
    for policy, dtype, tolerance in (
        ("mixed_bfloat16", "bfloat16", case.low_tolerance),
        ("float64", "float64", 10 * case.tolerance),
    ):
        if dtype == "float64" and not current_backend().supports(Capability.FLOAT64):
            continue
        with current_backend().implementation.wide_float_scope():
            _in_dtype(case, reference, expected, policy, dtype, tolerance)


def _in_dtype(
    case: LayerCase, reference: Layer, expected: list[np.ndarray], policy: str, dtype: str, tolerance: float
) -> None:
    config = {**_with_policy(reference.get_config(), policy), "dtype": policy}
    layer = public_class(reference).from_config(config)
    case.call(layer, case.arrays(), training=False)
    layer.set_weights(reference.get_weights())
    outputs = tree.flatten(case.call(layer, case.arrays(), training=False))
    for weight in layer.trainable_variables:
        wanted = "float64" if dtype == "float64" else "float32"
        assert weight.dtype == wanted, f"{policy}: weight {weight.path} is {weight.dtype}"
    for output, array in zip(outputs, expected, strict=True):
        found = current_backend().dtype_name(output)
        if is_float(standardize_dtype(array.dtype)) and not case.keeps_dtype:
            assert found == dtype, f"{policy}: outputs are {found}"
            assert_close(current_backend().to_numpy(output).astype("float64"), array.astype("float64"), tolerance)


def _with_policy(config: Any, policy: str) -> Any:
    """A config in which layers inside have the policy too."""
    if isinstance(config, dict):
        return (
            policy
            if config.get("class_name") == "DTypePolicy"
            else {k: _with_policy(v, policy) for k, v in config.items()}
        )
    return [_with_policy(part, policy) for part in config] if isinstance(config, list) else config


def compiles(case: LayerCase) -> None:
    """Compiled, it gives what it gives eagerly; a compiler that may leave parts uncompiled leaves none.

    Layers that prepare data stand outside of a model's steps: what they know are arrays, which may be left.
    """
    layer = case.built()
    expected = case.outputs(layer)
    backend = current_backend()
    inputs = tree.map_structure(lambda a: backend.convert(a, standardize_dtype(a.dtype)), case.arrays())
    leaves = tree.flatten(inputs)
    fixed = [v.value for v in layer.non_trainable_variables]
    keywords = {"training": False} if call_plan(type(layer)).takes_training else {}

    def function(weights: list[Any], *flat: Any) -> Any:
        packed = case.arguments(tree.pack_sequence_as(inputs, list(flat)))
        outputs, _ = layer.stateless_call(weights, fixed, *packed, **case.keywords, **keywords)
        return tree.flatten(outputs)

    # A name of its own: a framework that knows functions by it would take sizes that differ from case to case for
    # sizes that differ from call to call.
    own = FunctionType(function.__code__.replace(co_name=case.name), globals(), None, None, function.__closure__)
    compiled = backend.implementation.compiled
    if not isinstance(layer, DataLayer):
        compiled = backend.kernels.get("compiled_whole", compiled)
    outputs = compiled(own)([v.value for v in layer.trainable_variables], *leaves)
    _all_close(arrays_of(outputs), expected, 4 * case.tolerance, "compiled it differs")


def promises(case: LayerCase) -> dict[str, Callable[[LayerCase], None]]:
    """The promises that a case makes on the current backend, by name."""
    backend = current_backend()
    made = [builds_once, infers_shapes, describes_itself, can_be_copied, is_stateless, knows_training]
    if case.other_dtypes:
        made.append(computes_in_other_dtypes)
    if case.saved:
        made.append(can_be_saved)
    if case.batch_free:
        made.append(takes_any_batch)
    if case.differentiable and backend.supports(Capability.GRADIENTS):
        made.append(trains)
    if case.compiled and backend.supports(Capability.JIT):
        made.append(compiles)
    return {promise.__name__.replace("_", " "): promise for promise in made}


def functional(case: LayerCase) -> Model:
    """A functional model that is this layer alone."""

    def placeholder(given: Given) -> Any:
        shape = tuple(None if i in case.unknown else s for i, s in enumerate(given.shape))
        return Input(batch_shape=shape, dtype=given.dtype)

    inputs = tree.map_structure(placeholder, case.inputs)
    return Model(inputs, case.call(case.make(), inputs))


def _own_class(layer: Layer) -> dict[str, Any]:
    cls = public_class(layer)
    return {cls.__name__: cls}


def _plain(config: Any) -> Any:
    return json.loads(json.dumps(serialize_keras_object(config)))


def _float32(x: Any) -> Any:
    return cast(x, "float32") if x is not None else None


def _same_spec(inferred: KerasTensor, array: np.ndarray, unknown: bool) -> None:
    found, dtype = tuple(array.shape), standardize_dtype(array.dtype)
    assert len(inferred.shape) == len(found), f"inferred shape {inferred.shape}, eager {found}"
    for size, actual in zip(inferred.shape, found, strict=True):
        assert size == actual or (unknown and size is None), f"inferred shape {inferred.shape}, eager {found}"
    assert inferred.dtype == dtype, f"inferred dtype {inferred.dtype}, eager {dtype}"


def _all_close(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float, what: str) -> None:
    assert len(found) == len(expected), f"{what}: {len(found)} arrays, expected {len(expected)}"
    for got, wanted in zip(found, expected, strict=True):
        try:
            if got.dtype.kind in "US":
                assert got.tolist() == wanted.tolist(), f"got {got.tolist()}, expected {wanted.tolist()}"
            else:
                assert_close(np.asarray(got), wanted, tolerance)
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from None


def _finite(arrays: Sequence[np.ndarray]) -> None:
    for array in arrays:
        assert array.dtype.kind not in "fV" or np.isfinite(array.astype("float64")).all(), "outputs are not finite"
