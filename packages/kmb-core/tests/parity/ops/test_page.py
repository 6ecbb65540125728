"""The page about differences is the table's."""

from .differences import TABLE
from .page import PAGE, text


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text() == text(), "run python packages/kmb-core/tests/parity/ops/page.py"


def test_each_entry_gives_a_reason_and_lists_no_operation_twice_on_a_backend():
    for entry in TABLE:
        assert entry.reason.endswith(".")
        groups = entry.ops.items()
        pairs = [(backend, op) for backends, ops in groups for backend in backends.split() for op in ops.split()]
        assert len(pairs) == len(set(pairs)) > 0, entry
