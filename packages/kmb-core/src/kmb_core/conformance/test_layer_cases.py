"""Every built-in layer keeps every promise of `layer_check`, with several arguments."""

import random

import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance import layer_check
from kmb_core.conformance.layer_cases import CASES
from kmb_core.plugins import Capability

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


def sampled(cases, share):
    """The first case of each layer, and a share of the others, the same in each run."""
    first = {}
    for case in cases:
        first.setdefault(case.name.partition("(")[0], case)
    others = [case for case in cases if case not in first.values()]
    chosen = [*first.values(), *random.Random(0).sample(others, round(len(others) * min(share, 1.0)))]
    return [case for case in cases if case in chosen]


def pytest_generate_tests(metafunc):
    """Some frameworks compile each op of each layer, and each layer as a whole for seconds: samples of the cases."""
    sample = metafunc.config.getoption("--kmb-sample")
    if metafunc.function is test_compiled:
        candidates = [case for case in CASES if case.compiled]
        chosen = random.Random(0).sample(candidates, max(1, round(len(candidates) * min(1.0, sample * 2))))
    elif metafunc.function is test_gradients:
        chosen = sampled([case for case in CASES if case.differentiable], sample * 4)
    else:
        chosen = sampled(CASES, sample * 4)
    metafunc.parametrize("case", chosen, ids=[case.name for case in chosen])


@pytest.mark.conformance("inference")
def test_promises(case):
    complaints = broken(case, QUICK)
    assert not complaints, "\n".join(complaints)


@pytest.mark.conformance("training", needs=Capability.GRADIENTS)
def test_gradients(case):
    complaints = broken(case, ["trains"])
    assert not complaints, "\n".join(complaints)


@pytest.mark.conformance("inference", needs=Capability.JIT)
def test_compiled(case):
    complaints = broken(case, ["compiles"])
    assert current_backend().supports(Capability.JIT)
    assert not complaints, "\n".join(complaints)
