"""Gradients at points where formulas bend, tie or overflow: the same convention on every backend."""

import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance import kinks
from kmb_core.plugins import Capability

POINTS = [pytest.param(name, id=f"{name}::gradient") for name in kinks.KINKS]


@pytest.mark.conformance("training", needs=Capability.GRADIENTS)
@pytest.mark.parametrize("name", POINTS)
def test_gradient(name):
    kinks.check(kinks.KINKS[name], current_backend())
