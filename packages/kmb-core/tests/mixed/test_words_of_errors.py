"""A wrong call is told in the same words by all backends."""

import pytest

from kmb_core.backend import use_backend
from kmb_core.conformance import checks, misuse
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS
from kmb_core.plugins import installed_backends

import_all_ops()
pytestmark = [pytest.mark.mixed, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
FAMILIES = sorted({op.family for op in OPS.values()})


def refusals(family: str) -> dict[str, str]:
    """What the current backend answers to wrong calls of a family's ops, each under a name."""
    found = {}
    for name in (name for name, op in OPS.items() if op.family == family and name in ROWS):
        call = misuse.right_calls(name)[0]
        for case in misuse.changed(call):
            found[f"{call.described()}, {case.what}"] = answer(case.call)
        for what, args, kwargs in misuse.wrong_arguments(call):
            found[f"{name} with {what}"] = called(name, args, kwargs)
        for what, parameter, args, kwargs in misuse.no_tensors(call):
            if parameter.role.promotes or "string" not in what:
                found[f"{name} with {what}"] = called(name, args, kwargs)
    return found


def answer(call: checks.Called) -> str:
    """The error of a call that the declaration refuses."""
    refused = misuse.error_of(call.inferred)
    return misuse.first_line(misuse.error_of(lambda: call.run(call.tensors()))) if refused is not None else ""


def called(name, args, kwargs) -> str:
    return misuse.first_line(misuse.error_of(lambda: OPS[name].function(*args, **kwargs)))


@pytest.mark.parametrize("family", FAMILIES)
def test_wrong_calls_are_refused_in_the_same_words_everywhere(family):
    answers = {}
    for backend in sorted(installed_backends()):
        with use_backend(backend):
            answers[backend] = refusals(family)
    first, *others = answers
    for other in others:
        given = answers[other]
        differing = {call: (words, given[call]) for call, words in answers[first].items() if given[call] != words}
        assert not differing, (first, other)
