"""Where descriptions of a node differ, each library reads the other's, and computes what its own call does."""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core.backend import current_backend

from .comparison import made, node, tensors
from .differences import TABLE
from .names import function_of
from .test_operations import calls

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


def listed() -> list[str]:
    """Operations whose nodes are listed as differing on the current backend."""
    entries = [entry for entry in TABLE if any(aspect.startswith("node ") for aspect in entry.aspects)]
    entries = [entry for entry in entries if "node refused" not in entry.aspects]
    return sorted({name for entry in entries for names in entry.ops.values() for name in names.split()})


def model(library, name, call):
    inputs = [
        library.Input(batch_shape=array.shape, dtype=str(array.dtype), name=f"input_{place}")
        for place, array in enumerate(call.arrays)
    ]
    return library.Model(inputs, call.make(library.ops, function_of(library, name), inputs))


@pytest.mark.parametrize("name", listed())
@pytest.mark.parametrize("direction", ["kmb reads Keras", "Keras reads kmb"])
def test_a_node_that_is_described_otherwise_is_read_on_the_other_side(name, direction, keras):
    writer, reader = (keras, kmb_core) if direction == "kmb reads Keras" else (kmb_core, keras)
    differing = [call for call in calls(name) if call.described and list(node(keras, name, call))]
    for call in differing:
        written = model(writer, name, call)
        direct = made(reader, name, call, given := tensors(call))
        if direct.error is not None:
            continue  # Keras builds what it cannot compute on this framework
        read = reader.Model.from_config(json.loads(json.dumps(written.get_config())))
        for output, expected in zip(kmb_core.tree.flatten(read(given)), direct.leaves, strict=True):
            np.testing.assert_allclose(current_backend().to_numpy(output), expected.value, rtol=1e-5, atol=1e-6)
