import pytest

from kmb_core import errors


def test_a_message_has_what_cause_and_remedy_on_lines_of_their_own():
    assert errors.message("what", "cause", "remedy").split("\n") == ["what", "cause", "remedy"]
    assert errors.message("what", remedy="remedy") == "what\nremedy"


def test_the_first_line_stays_one_line_whatever_it_quotes():
    assert errors.message("no file\n  at /a/long/path", "cause").split("\n") == ["no file at /a/long/path", "cause"]


@pytest.mark.parametrize(
    ("error", "caught_as"),
    [
        (errors.ShapeError, ValueError),
        (errors.DTypeError, ValueError),
        (errors.DTypeError, TypeError),
        (errors.BackendNotInstalledError, ImportError),
        (errors.UnknownBackendError, ValueError),
        (errors.BrokenBackendError, ImportError),
        (errors.CapabilityError, NotImplementedError),
        (errors.CapabilityError, RuntimeError),
        (errors.CheckpointError, ValueError),
        (errors.SecurityError, ValueError),
        (errors.NamespaceNotInstalledError, ImportError),
        (errors.StructureError, ValueError),
        (errors.NotBuiltError, ValueError),
        (errors.NotCompiledError, ValueError),
    ],
)
def test_an_error_is_caught_as_what_keras_raises_and_as_our_own(error, caught_as):
    for expected in (caught_as, errors.KmbError):
        with pytest.raises(expected):
            raise error("text")


def test_the_three_backend_errors_are_told_apart():
    kinds = [errors.BackendNotInstalledError, errors.UnknownBackendError, errors.BrokenBackendError]
    assert all(issubclass(kind, errors.BackendError) for kind in kinds)
    assert not any(issubclass(a, b) for a in kinds for b in kinds if a is not b)
