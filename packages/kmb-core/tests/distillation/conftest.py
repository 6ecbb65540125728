"""Whether the backend can train."""

import pytest

from kmb_core.backend import current_backend
from kmb_core.plugins import Capability


@pytest.fixture
def trains():
    """Whether the backend trains; asked by tests that end with the refusal elsewhere."""
    return bool(current_backend().supports(Capability.GRADIENTS))
