import pytest

from kmb_core.backend import use_backend


@pytest.fixture(autouse=True)
def _on_torch():
    with use_backend("torch"):
        yield
