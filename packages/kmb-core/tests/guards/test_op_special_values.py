"""What the page on NaN and infinities says is what the suite exempts, and only ops that there are."""

from pathlib import Path

from kmb_core.conformance import special
from kmb_core.conformance.declared import import_all_ops
from kmb_core.ops.declaration import OPS

PAGE = Path(__file__).parents[4] / "docs" / "op_special_values.md"


def test_the_page_is_up_to_date():
    remedy = "run: python -m kmb_core.conformance.special > docs/op_special_values.md"
    assert PAGE.read_text(encoding="utf-8").splitlines() == list(special.page()), remedy


def test_each_exemption_is_of_an_op_that_there_is_and_is_named_once():
    import_all_ops()
    named = [op for ops, _, _ in special.EXEMPTIONS for op in ops.split()]
    assert len(named) == len(set(named))
    assert set(named) <= OPS.keys()
