"""OpenVINO: what its converter makes of a SavedModel."""

import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openvino

from kmb_backend_tensorflow import saved_model
from kmb_backend_tensorflow.litert import in_order, input_names
from kmb_core import tree
from kmb_core.plugins import Endpoint, ExportRequest


def write(request: ExportRequest, path: str) -> None:
    """Write the folder; the inputs and outputs have the names of the SavedModel's."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source")
        saved_model.write(request, source)
        os.mkdir(path)
        # Weights stay as they are: halved, they would give other numbers than the model.
        openvino.save_model(openvino.convert_model(source), os.path.join(path, "model.xml"), compress_to_fp16=False)


def load(path: str, endpoints: Sequence[Endpoint] = ()) -> dict[str, Callable[..., Any]]:
    """The model as a function of arrays."""
    # Some processors would compute in 16 bits.
    model = openvino.compile_model(os.path.join(path, "model.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = input_names(endpoints[0] if endpoints else None, [min(x.get_names()) for x in model.inputs])

    def serve(*arrays: Any, **by_name: Any) -> list[np.ndarray]:
        given = dict(zip(names, tree.flatten(arrays), strict=False)) | by_name
        found = model(given)
        return in_order({min(x.get_names()): np.array(found[x]) for x in model.outputs})

    return {endpoints[0].name if endpoints else "serve": serve}
