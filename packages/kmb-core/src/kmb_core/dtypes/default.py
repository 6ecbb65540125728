"""The default floating dtype, `floatx`: one process-wide name.

It stands below `config`, which offers it to users, because reading a dtype must not pull in anything else.
"""

FLOATX_NAMES = ("float32", "bfloat16", "float16", "float64")

_floatx = "float32"


def floatx() -> str:
    """Return the default floating dtype, e.g. "float32"."""
    return _floatx


def set_floatx(name: str) -> None:
    """Set the default floating dtype; `config.set_floatx` checks the name first."""
    global _floatx
    _floatx = name
