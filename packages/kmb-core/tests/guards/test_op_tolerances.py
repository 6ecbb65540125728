"""What the page on the ops' exactness says is what the conformance rows ask for."""

from pathlib import Path

from kmb_core.conformance import tolerances

PAGE = Path(__file__).parents[4] / "docs" / "op_tolerances.md"


def test_the_page_is_up_to_date():
    remedy = "run: python -m kmb_core.conformance.tolerances > docs/op_tolerances.md"
    assert PAGE.read_text(encoding="utf-8").splitlines() == list(tolerances.page()), remedy


def test_whatever_is_wider_than_usual_has_a_reason():
    assert not [op for op in tolerances.wider() if not has_reason(op)]


def has_reason(op: str) -> bool:
    try:
        return bool(tolerances.reason(op))
    except KeyError:
        return False
