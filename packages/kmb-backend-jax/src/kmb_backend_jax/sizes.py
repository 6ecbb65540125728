"""Sizes that are no numbers: those of a function that `jax.export` traces for all sizes of a batch."""

from typing import Any


def is_symbolic(size: Any) -> bool:
    """Whether a size is an expression of symbolic ones; the test that JAX makes, without an import of `jax.export`."""
    return hasattr(size, "dimension_as_value")
