"""Every op is annotated, documented by an example that runs, and has rows in the conformance suite."""

import inspect

import pytest

from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS

import_all_ops()


def test_the_ops_are_there():
    assert len(OPS) > 180


@pytest.mark.parametrize("name", sorted(OPS))
def test_each_parameter_and_the_result_are_annotated(name):
    signature = OPS[name].signature
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert bare == []
    assert signature.return_annotation is not signature.empty


@pytest.mark.parametrize("name", sorted(OPS))
def test_each_docstring_has_an_example(name):
    documentation = inspect.getdoc(OPS[name].function) or ""
    assert "Example:" in documentation
    assert ">>> " in documentation


@pytest.mark.parametrize("name", sorted(OPS))
def test_each_op_has_rows_and_they_fit_its_signature(name):
    assert ROWS.get(name), f"add rows for {name} to kmb_core/conformance/rows"
    for row in ROWS[name]:
        OPS[name].signature.bind(*row.arguments, **row.keywords)


def test_no_row_is_for_an_op_that_does_not_exist():
    assert sorted(ROWS.keys() - OPS.keys()) == []
