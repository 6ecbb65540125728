"""What the tests of this folder have in common: a model that is written by one library and read by the other."""

import inspect
import os
import zlib

import numpy as np

from kmb_core.serialization.registry import saved_identity

SAMPLE = float(os.environ.get("KMB_PARITY_SAMPLE", "1"))


def sampled(names):
    """All names, or one of ten where a sample is asked for, and at least one."""
    names = list(names)
    return [name for name in names if SAMPLE >= 1 or zlib.crc32(name.encode()) % 10 == 0] or names[:1]


def first_of(cases):
    """All cases, or the first where a sample is asked for."""
    return cases if SAMPLE >= 1 else cases[:1]


def classes(namespace, base):
    """The public classes of a namespace, each once, by the name that files have for it."""
    found = {}
    for name in namespace.__all__:
        value = getattr(namespace, name)
        if inspect.isclass(value) and issubclass(value, base):
            found.setdefault(saved_identity(value)[1], value)
    return sorted(found)


def randomized(model):
    """The model with other weights than it starts with, so that one in a wrong place is seen."""
    generator = np.random.default_rng(0)
    for variable in model.weights:
        if "float" in str(variable.dtype):
            variable.assign(generator.uniform(0.1, 1.0, tuple(variable.shape)).astype("float32"))
    return model


def arrays(library, structure):
    """Outputs as arrays, flat."""
    return [np.asarray(library.ops.convert_to_numpy(x)) for x in library.tree.flatten(structure)]


def travelled(model, reader, folder, custom_objects=None):
    """The model as the other library reads it."""
    path = folder / "model.keras"
    model.save(path)
    return reader.saving.load_model(path, custom_objects=custom_objects)


def assert_close(found, expected, tolerance=1e-5):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
