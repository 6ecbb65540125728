"""What a backend can do, to which degree, and why not.

The core asks for a capability instead of comparing a backend's name; the conformance suite skips by it and shows the
reason.
"""

from dataclasses import dataclass
from enum import Enum


class Capability(Enum):
    """A feature that not every framework has."""

    GRADIENTS = "gradients"
    JIT = "jit"
    STATELESS_STEPS = "stateless steps"
    DONATION = "donation"
    FLOAT64 = "float64"
    FLOAT8 = "float8"
    BFLOAT16 = "bfloat16"
    COMPLEX = "complex"
    SPARSE = "sparse"
    RAGGED = "ragged"
    STRINGS = "strings"
    DISTRIBUTION = "distribution"
    DYNAMIC_SHAPES = "dynamic shapes"


class Degree(Enum):
    """How far a capability goes."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True)
class Support:
    """A degree of support; anything short of full says why."""

    degree: Degree
    reason: str = ""

    def __post_init__(self) -> None:
        if self.degree is not Degree.FULL and not self.reason:
            raise ValueError("Support: a degree below full needs a reason")

    def __bool__(self) -> bool:
        return self.degree is not Degree.NONE


FULL = Support(Degree.FULL)
UNDECLARED = Support(Degree.NONE, "the plugin does not declare it")


def partial(reason: str) -> Support:
    """Support with limits."""
    return Support(Degree.PARTIAL, reason)


def none(reason: str) -> Support:
    """No support."""
    return Support(Degree.NONE, reason)
