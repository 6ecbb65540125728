import pytest

import kmb_core.ops.operators  # noqa: F401 - variables get their operators from it
from kmb_core.backend import use_backend
from kmb_core.plugins import load_backend


@pytest.fixture(scope="session")
def backend():
    return load_backend("jax")


@pytest.fixture(autouse=True)
def _on_jax(backend):
    with use_backend(backend):
        yield
