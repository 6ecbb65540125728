import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

from kmb_core.backend import use_backend


@pytest.fixture(autouse=True)
def on_tensorflow():
    with use_backend("tensorflow"):
        yield
