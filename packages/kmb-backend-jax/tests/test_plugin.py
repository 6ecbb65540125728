import subprocess
import sys

import jax
import pytest

from kmb_backend_jax.plugin import INFO
from kmb_core.errors import CapabilityError
from kmb_core.plugins import Capability

PROBE = """
import sys
from kmb_core.plugins.discovery import backend_info
info = backend_info("jax")
assert info.name == "jax" and info.framework == "jax"
assert "jax" not in sys.modules, "describing the backend imported the framework"
"""


def test_describing_the_backend_does_not_import_jax():
    subprocess.run([sys.executable, "-c", PROBE], check=True)


LOADING = """
from kmb_core.plugins import load_backend
load_backend("jax")
from jax._src import xla_bridge
assert not xla_bridge.backends_are_initialized(), "loading started the devices"
"""


def test_loading_the_backend_starts_no_device():
    subprocess.run([sys.executable, "-c", LOADING], check=True)


def test_every_declared_primitive_is_supplied(backend):
    from kmb_core import ops

    for module in ("linalg", "nn"):
        getattr(ops, module)  # a namespace is imported when it is first touched
    assert len(backend.functions) > 100
    assert backend.lacking() == []


def test_a_capability_short_of_full_says_why():
    assert INFO.supports(Capability.GRADIENTS)
    assert "jax_enable_x64" in INFO.supports(Capability.FLOAT64).reason


def test_tensors_are_placed_on_the_device_of_the_scope(backend):
    with backend.implementation.device_scope("cpu:0"):
        assert backend.convert(1.0).devices() == {jax.devices("cpu")[0]}


def test_a_device_that_is_not_there_is_refused_with_those_that_are(backend):
    with pytest.raises(CapabilityError, match="Present are"):
        backend.implementation.device_scope("cpu:99")


def test_the_wide_scope_allows_float64_inside_only(backend):
    assert backend.convert([1.0], "float64").dtype == "float32"
    with backend.implementation.wide_float_scope():
        assert backend.convert([1.0], "float64").dtype == "float64"
        assert backend.convert([1], "int64").dtype == "int64"
    assert backend.convert([1.0], "float64").dtype == "float32"


def test_value_and_gradients_are_those_of_calculus(backend):
    x, y = backend.convert([1.0, 2.0]), backend.convert([3.0, 4.0])
    value, (gradient_x, gradient_y) = backend.implementation.value_and_gradients(lambda a, b: (a * a * b).sum(), [x, y])
    assert float(value) == 19.0
    assert gradient_x.tolist() == [6.0, 16.0]
    assert gradient_y.tolist() == [1.0, 4.0]
