"""What an entry of the table of differences is."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

DEFECT = "Keras's defect"
DECISION = "decision of kmb"


@dataclass(frozen=True)
class Difference:
    """One reason for which ops differ. Each of the ops shows it on each of its backends.

    `varying` names those of the ops, by the backends, whose results depend on the processor (the width of its vectors,
    its libraries of linear algebra, what it makes of NaN as an integer) or on the framework's version (whether a list
    or a tuple comes of `jax.numpy.meshgrid`): they may show it or not.
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
    varying: dict[str, str] = field(default_factory=dict)  # as `ops`

    def concerns(self, op: str, backend: str) -> bool:
        """Whether an op on a backend may show it."""
        return _named(self.ops, op, backend)

    def varies(self, op: str, backend: str) -> bool:
        """Whether another processor or version shows it, or does not."""
        return _named(self.varying, op, backend)

    def covers(self, found: Any) -> bool:
        """Whether it is what was found."""
        pairs = ((found.aspect, self.aspects), (found.call.text, self.calls), (found.detail, self.details))
        return found.proof.startswith(self.proof) and all(
            any(fnmatchcase(text, pattern) for pattern in patterns) for text, patterns in pairs
        )


def _named(ops: dict[str, str], op: str, backend: str) -> bool:
    return any(backend in backends.split() and op in names.split() for backends, names in ops.items())
