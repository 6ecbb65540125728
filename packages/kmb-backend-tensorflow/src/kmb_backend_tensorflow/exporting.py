"""A model's inference as a tf.function of its input shapes: what SavedModel holds of a model inside of a tf.Module."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES
from kmb_core import tree
from kmb_core.backend import use_backend


def input_signature_of(model: Any) -> Any:
    """The TensorSpecs of a built model's inputs, batch size unknown, in the structure that it was built with."""
    symbolic = model.inputs
    if symbolic is not None:
        specifications = [tf.TensorSpec(x.shape, DTYPES[x.dtype], name=x.name) for x in symbolic]
        return tree.pack_sequence_as(model.input, specifications)
    dtype = DTYPES[model.input_dtype]
    return tree.map_shape_structure(lambda shape: tf.TensorSpec((None, *shape[1:]), dtype), model._build_shapes)


def inference_function(model: Any, signature: Any = None) -> Any:
    """A tf.function that runs the model as `predict` does."""
    signature = input_signature_of(model) if signature is None else signature
    options = {"training": False} if model._call_takes_training() else {}

    def serve(inputs: Any) -> Any:
        with use_backend(model._backend):
            return model(inputs, **options)

    return tf.function(serve, input_signature=[signature], autograph=False)


def traced_signature(function: Any) -> Any:
    """The TensorSpecs of a tf.function's positional arguments; None for one that has no trace, or several."""
    if not hasattr(function, "get_concrete_function"):
        return None
    traces = function._list_all_concrete_functions()
    return list(traces[0].structured_input_signature[0]) if len(traces) == 1 else None
