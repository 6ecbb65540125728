"""Every built-in layer keeps every promise of `layer_check`, with several arguments."""

import random

import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance import layer_check
from kmb_core.conformance.layer_cases import CASES
from kmb_core.plugins import Capability

OF_A_LEVEL = {"trains": "training"}
NEEDS = {"trains": Capability.GRADIENTS, "compiles": Capability.JIT}
QUICK = [
    "builds_once",
    "infers_shapes",
    "describes_itself",
    "can_be_copied",
    "is_stateless",
    "knows_training",
    "computes_in_other_dtypes",
    "takes_any_batch",
    "can_be_saved",
]


def broken(case, names):
    made = {promise.__name__: promise for promise in layer_check.promises(case).values()}
    found = []
    for name in names:
        try:
            if name in made:
                made[name](case)
        except Exception as error:
            found.append(f"{name.replace('_', ' ')}: {type(error).__name__}: {error}")
    return found


@pytest.mark.conformance("inference")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_promises(case):
    complaints = broken(case, QUICK)
    assert not complaints, "\n".join(complaints)


@pytest.mark.conformance("training", needs=Capability.GRADIENTS)
@pytest.mark.parametrize("case", [c for c in CASES if c.differentiable], ids=lambda case: case.name)
def test_gradients(case):
    complaints = broken(case, ["trains"])
    assert not complaints, "\n".join(complaints)


def pytest_generate_tests(metafunc):
    """A compiler takes seconds for each layer: a sample, the same in each run."""
    if metafunc.function is test_compiled:
        candidates = [case for case in CASES if case.compiled]
        share = min(1.0, metafunc.config.getoption("--kmb-sample") * 4)
        chosen = random.Random(0).sample(candidates, max(1, round(len(candidates) * share)))
        metafunc.parametrize("case", chosen, ids=[case.name for case in chosen])


@pytest.mark.conformance("inference", needs=Capability.JIT)
def test_compiled(case):
    complaints = broken(case, ["compiles"])
    assert current_backend().supports(Capability.JIT)
    assert not complaints, "\n".join(complaints)
