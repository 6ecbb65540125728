"""What an entry of the table of differences is."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

DEFECT = "Keras's defect"
DECISION = "decision of kmb"


@dataclass(frozen=True)
class Difference:
    """One reason for which ops differ. Each of the ops shows it on each of its backends.

    `aspects`, `calls` and `details` are patterns, any of which fits: what is compared, the call, what is found.
    `proof` is which other result of Keras the comparison has to find in agreement with kmb.
    """

    aspects: tuple[str, ...]
    kind: str
    reason: str
    ops: dict[str, str]  # by the backends
    calls: tuple[str, ...] = ("*",)
    details: tuple[str, ...] = ("*",)
    proof: str = ""

    def concerns(self, op: str, backend: str) -> bool:
        """Whether an op on a backend has to show it."""
        return any(backend in backends.split() and op in names.split() for backends, names in self.ops.items())

    def covers(self, found: Any) -> bool:
        """Whether it is what was found."""
        pairs = ((found.aspect, self.aspects), (found.call.text, self.calls), (found.detail, self.details))
        return found.proof.startswith(self.proof) and all(
            any(fnmatchcase(text, pattern) for pattern in patterns) for text, patterns in pairs
        )
