"""Kernels: how this backend makes eager calls cheap.

An eager `jnp` function costs up to 150 Python calls (`jnp.take`), because it is built of primitives that are dispatched
one by one; `jax.nn.relu` makes 447. A function under `jax.jit` is one C++ call of about 7 µs, whatever it is made of.
So every op here is jitted on its own, its configuration static. `inline=True` puts its primitives into the surrounding
computation when one is traced, as if it were not there.
"""

from collections.abc import Callable
from typing import Any

import jax


def kernel(function: Callable[..., Any] | None = None, *, static: tuple[str, ...] = ()) -> Any:
    """`function`, compiled on its own when called eagerly; the arguments in `static` must be hashable.

    A kernel must not read a setting such as `floatx`: what it saw at its first call would be kept.
    """
    if function is None:
        return lambda target: kernel(target, static=static)
    return jax.jit(function, static_argnames=static, inline=True)
