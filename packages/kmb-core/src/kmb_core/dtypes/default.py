"""The default floating dtype, `floatx`: one process-wide name.

It stands below `config`, which offers it to users, because reading a dtype must not pull in anything else. What the
user's file says is asked for at the first read, through a function that `config` hands down.
"""

from collections.abc import Callable

FLOATX_NAMES = ("float32", "bfloat16", "float16", "float64")

_floatx: str | None = None
_initial: Callable[[], str] | None = None


def floatx() -> str:
    """Return the default floating dtype, e.g. "float32"."""
    return _floatx or _first_floatx()


def _first_floatx() -> str:
    if _initial is None:  # `config` is not imported yet, so this answer is not final
        return "float32"
    set_floatx(_initial())
    return floatx()


def set_floatx(name: str) -> None:
    """Set the default floating dtype; `config.set_floatx` checks the name first."""
    global _floatx
    _floatx = name


def initial_floatx_from(source: Callable[[], str]) -> None:
    """Say where the dtype comes from while nobody has set it."""
    global _initial
    _initial = source
