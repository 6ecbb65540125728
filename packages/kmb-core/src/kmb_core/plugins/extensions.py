"""Extensions: packages that replace or wrap single ops of a named backend (entry-point group `kmb.extensions`).

An entry point loads to an `OpExtension`, or to an iterable of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OpExtension:
    """One op of one backend, replaced (`function`) or wrapped (`wrap`, which gets the function that was there).

    Example:
        >>> from kmb_core.plugins import OpExtension
        >>> OpExtension("numpy", "relu", function=lambda x: x * (x > 0)).op
        'relu'
    """

    backend: str
    op: str
    function: Callable[..., Any] | None = None
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
    origin: str = "registered"

    def __post_init__(self) -> None:
        if (self.function is None) == (self.wrap is None):
            raise ValueError(f"OpExtension for ops.{self.op}: give either `function` or `wrap`")

    def apply(self, previous: Callable[..., Any]) -> Callable[..., Any]:
        """The function that runs from now on."""
        return self.function if self.function is not None else self.wrap(previous)  # type: ignore[misc]  # one is set
