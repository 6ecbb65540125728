"""SavedModel: a model's inference as a tf.function of its input shapes, and the exporter behind `Model.export`."""

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


def export_saved_model(
    model: Any, filepath: Any, verbose: bool | None = None, input_signature: Any = None, **kwargs: Any
) -> None:
    """Write a SavedModel with the endpoint `serve`, also its default signature.

    Args:
        model: a built model.
        filepath: folder to write.
        verbose: accepted for the signature; nothing is printed.
        input_signature: TensorSpecs or KerasTensors in the structure of the inputs; those it was built with when None.

    Raises:
        ValueError: when the model is not built.
    """
    if kwargs:
        raise TypeError(f"export: unexpected arguments {sorted(kwargs)}")
    model._require_built("export")
    archive = tf.Module()
    archive.model = model
    archive.serve = inference_function(model, None if input_signature is None else _specifications(input_signature))
    tf.saved_model.save(archive, str(filepath), signatures={"serve": archive.serve, "serving_default": archive.serve})


def _specifications(signature: Any) -> Any:
    if isinstance(signature, (list, tuple)) and len(signature) == 1:
        signature = signature[0]
    return tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), signature)
