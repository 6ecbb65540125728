"""Every built-in layer in a file: written by Keras and read here, written here and read by Keras, same outputs."""

import inspect
import json

import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import current_backend
from kmb_core.conformance.layer_cases import CASES
from kmb_core.conformance.layer_cases.core import squashed
from kmb_core.saving import serialize_keras_object

from .travel import arrays, assert_close, classes, first_of, randomized, sampled, travelled

pytestmark = pytest.mark.parity

# What no case makes, with the reason.
WITHOUT_CASES = {
    "Layer": "the base class; files hold classes made of it",
    "Wrapper": "the base class of layers around a layer",
    "InputLayer": "is in each file of a model",
}
# Where the two compute different things, or Keras loses an argument, the descriptions are compared instead.
IMAGES_DIFFER = {
    "AutoContrast((0,1),data_format='channels_first')": "Keras takes extremes over channels and rows",
    "RandomCrop(4,5,seed=1)": "Keras leaves images as they are in inference, though its symbolic call says otherwise",
}
if current_backend().name != "torch":
    tiles = ("tile_grid_size=(2,3),clip_limit=40.0", "tile_grid_size=(2,2)")
    IMAGES_DIFFER |= {
        f"ContrastLimitedAdaptiveHistogramEqualization({of})": "Keras differs from itself" for of in tiles
    }
# Of MaxNumBoundingBoxes, left out where Keras writes: its description lacks it.
FORGOTTEN = "fill_value=0"
# Keras on JAX fails for values of another length than keys.
UNSUPPORTED = {"MultiHeadAttention(2,3,4,output_shape=5,use_bias=False)"} if current_backend().name == "jax" else set()
# A symbolic call of Keras's gives the input itself, which is a circle in the graph of a model: it goes alone.
ALONE = "Equalization"
OWN_OBJECTS = {"squashed": squashed, "kmb_conformance>squashed": squashed}


def in_files(value):
    """All classes of layers that a description names."""
    if isinstance(value, dict):
        own = {value["class_name"]} if value.get("module") == "keras.layers" else set()
        return own.union(*map(in_files, value.values()))
    return set().union(*map(in_files, value)) if isinstance(value, list) else set()


def givens(case):
    return kmb_core.tree.flatten(case.inputs)


def has_text(case):
    return any(given.dtype == "string" for given in givens(case))


def both_can_make(case):
    """Whether a case is a layer that either library makes, in a model whose inputs are tensors."""
    return case.saved and bool(inspect.signature(case.make).parameters)


def by_class():
    """{class: the cases whose files hold it}, those of plain images before those of images with boxes and masks."""
    found = {}
    for case in filter(both_can_make, CASES):
        for name in in_files(serialize_keras_object(case.make())):
            found.setdefault(name, []).append(case)
    return {name: plain_of(cases) for name, cases in found.items()}


def plain_of(cases):
    """Keras makes no symbolic call of images with boxes and masks, nor of text in a pipeline."""
    plain = [case for case in cases if not isinstance(case.inputs, dict)]
    plain = [case for case in plain if not (case.name.startswith("Pipeline") and has_text(case))]
    return plain or cases


BY_CLASS = by_class()
NAMES = [name for name in classes(layers, kmb_core.Layer) if name not in WITHOUT_CASES]


def cases_of(name):
    """The cases of a class: those that begin with it, or one that holds it."""
    own = [case for case in BY_CLASS[name] if case.name.startswith(f"{name}(")]
    return first_of(own or BY_CLASS[name][:1])


def test_every_layer_has_a_case():
    assert [name for name in NAMES if name not in BY_CLASS] == []


def model_of(library, case):
    def symbol(given):
        shape = {"shape": given.shape[1:]} if case.batch_free else {"batch_shape": given.shape}
        return library.Input(**shape, dtype=given.dtype)

    inputs = kmb_core.tree.map_structure(symbol, case.inputs)
    layer = case.make(library.layers)
    outputs = layer(*case.arguments(inputs), **case.keywords)
    model = library.Model(inputs, outputs)
    if type(layer).__name__ != "Normalization":
        return randomized(model)
    if layer.input_mean is None:
        layer.adapt(case.arrays())
    return model


def outputs_of(library, model, case):
    """Of the model; of its layer for text, which Keras's models take on TensorFlow alone."""
    inputs = case.arrays()
    if has_text(case):
        return arrays(library, model.layers[-1](*case.arguments(inputs), **case.keywords))
    return arrays(library, model(inputs, training=False))


def described(library, layer):
    """A layer's config as a file has it, without what is random or named by a counter."""
    config = json.loads(json.dumps(library.saving.serialize_keras_object(layer)["config"]))
    return {key: value for key, value in config.items() if key not in ("name", "dtype")}


@pytest.mark.parametrize("name", sampled(name for name in NAMES if name != ALONE))
def test_outputs_are_the_same_on_the_other_side(name, direction, tmp_path, counted):
    counted("layers", name)
    writer, reader = direction
    for case in cases_of(name):
        if name == "MaxNumBoundingBoxes" and FORGOTTEN in case.name and writer is not kmb_core:
            continue
        if case.name in UNSUPPORTED:
            continue
        model = model_of(writer, case)
        read = travelled(model, reader, tmp_path, OWN_OBJECTS)
        if case.name in IMAGES_DIFFER:
            assert described(reader, read.layers[-1]) == described(writer, model.layers[-1])
        else:
            assert_close(outputs_of(reader, read, case), outputs_of(writer, model, case))


def test_equalization_is_described_the_same_on_the_other_side(direction, counted):
    counted("layers", ALONE)
    writer, reader = direction
    for case in cases_of(ALONE):
        layer = case.make(writer.layers)
        read = reader.saving.deserialize_keras_object(writer.saving.serialize_keras_object(layer))
        assert described(reader, read) == described(writer, layer)
