"""A batch normalized by its own statistics: the kernels' gradients are those of the steps written out."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import current_backend
from kmb_core.ops.nn.normalization import normalize_batch
from kmb_core.plugins import Capability

needs_gradients = pytest.mark.skipif(
    not current_backend().supports(Capability.GRADIENTS), reason="the backend has no gradients"
)
RANDOM = np.random.default_rng(0)


def written_out(x, axis, offset, scale):
    others = [i for i in range(len(x.shape)) if i != axis % len(x.shape)]
    return ops.batch_normalization(x, *ops.moments(x, others), axis, offset, scale)


@needs_gradients
@pytest.mark.parametrize(
    ("shape", "axis"), [((4, 3), -1), ((2, 5, 3), -1), ((2, 4, 4, 3), 3), ((2, 3, 4), 1), ((3, 4), 0)]
)
def test_gradients_reach_the_inputs_through_the_statistics(shape, axis):
    size = shape[axis]
    given = [RANDOM.normal(size=s).astype("float32") for s in (shape, (size,), (size,))]
    weights = ops.convert_to_tensor(RANDOM.normal(size=shape).astype("float32"))
    tensors = [ops.convert_to_tensor(part) for part in given]
    found = gradients(lambda x, b, g: ops.sum(weights * normalize_batch(x, axis, b, g)[0]), tensors)
    expected = gradients(lambda x, b, g: ops.sum(weights * written_out(x, axis, b, g)), tensors)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=2e-5)


@needs_gradients
def test_the_statistics_are_numbers_without_gradients():
    x = ops.convert_to_tensor(RANDOM.normal(size=(4, 3)).astype("float32"))
    for part in (1, 2):
        (found,) = gradients(lambda x, part=part: ops.sum(normalize_batch(x, -1)[part]) + ops.sum(x) * 0, [x])
        assert not found.any()


def gradients(function, tensors):
    backend = current_backend()
    _, found = backend.implementation.value_and_gradients(function, tensors)
    return [backend.to_numpy(gradient) for gradient in found]
