"""Every operation gives what Keras gives on the same framework, but for what the table of differences lists."""

import gc

import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS

from .calls import calls_of, known_op, sampled
from .comparison import compared
from .differences import TABLE
from .names import NAMESPACES, distinct, function_of, public

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

import_all_ops()


def calls(name):
    function = distinct()[name]
    op = known_op(function)
    return calls_of(name, op, ROWS.get(op.name if op else name.rpartition(".")[2], ()))


@pytest.fixture
def caches_emptied():
    """What a framework compiled for the calls of one op is of no use to the next, and adds up to gigabytes."""
    yield
    if current_backend().name == "jax":
        import jax

        jax.clear_caches()
        gc.collect()


@pytest.mark.usefixtures("caches_emptied")
@pytest.mark.parametrize("name", sorted(distinct()))
def test_an_operation_does_what_keras_does(name, keras, fraction, record_property):
    backend = current_backend().name
    entries = [entry for entry in TABLE if entry.concerns(name, backend)]
    shown, unlisted = set(), []
    for call in (chosen := sampled(calls(name), fraction)):
        for found in compared(keras, name, call):
            covering = [entry for entry in entries if entry.covers(found)]
            shown.update(map(id, covering))
            unlisted += [] if covering else [str(found)]
    record_property("compared calls", len(chosen))
    assert not unlisted, "\n".join(unlisted)
    certain = [entry for entry in entries if not entry.varies(name, backend)] if fraction == 1 else []
    stale = [entry for entry in certain if id(entry) not in shown]
    assert not stale, f"listed, but kmb and Keras agree now: {stale}"


@pytest.mark.parametrize("name", sorted(distinct()))
def test_an_operation_has_calls(name):
    assert calls(name), f"no rows of {name} in kmb_core.conformance.rows and no lines in texts.py"


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_name_of_keras_is_there_and_means_the_same_function(namespace, keras):
    assert keras is not None
    names = public("keras", namespace)
    assert len(names) > 10
    missing = sorted(set(names) - set(public("kmb_core", namespace)))
    assert not missing
    # Second names of one function in Keras are second names in kmb.
    short = namespace.removeprefix("ops").removeprefix(".")
    for name in names:
        dotted = f"{short}.{name}".removeprefix(".")
        if function_of(keras, dotted) is getattr(keras.ops, name, None):
            import kmb_core

            assert function_of(kmb_core, dotted) is getattr(kmb_core.ops, name), dotted


def test_each_entry_of_the_table_names_operations_and_backends_that_there_are():
    for entry in TABLE:
        for backends, ops in entry.ops.items():
            assert set(backends.split()) <= {"jax", "numpy", "tensorflow", "torch"}
            assert sorted(set(ops.split()) - distinct().keys()) == []
