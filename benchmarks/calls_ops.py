"""Twenty frequent ops on native tensors, called eagerly: calls beyond those of the framework's own function."""

import importlib

import measure
import numpy as np
from native import native

# What kmb calls: the op, with x and y of shape (4, 4) and i, two indices, among the arguments.
CALLS = {
    "add": "x y",
    "subtract": "x y",
    "multiply": "x y",
    "divide": "x y",
    "maximum": "x y",
    "matmul": "x y",
    "exp": "x",
    "tanh": "x",
    "sqrt": "x",
    "square": "x",
    "relu": "x",
    "softmax": "x",
    "sum": ("x", 1),
    "mean": ("x", 1),
    "argmax": ("x", 1),
    "reshape": ("x", (2, 8)),
    "transpose": "x",
    "expand_dims": ("x", 0),
    "take": ("x", "i", 0),
    "concatenate": (("x", "y"), 0),
}
# The framework's own, where it has another name or other arguments; None for what takes more than one function.
NAMES = {
    "torch": {
        "divide": "true_divide",
        "relu": "relu",
        "softmax": ("softmax", "x", -1),
        "transpose": ("t", "x"),
        "expand_dims": ("unsqueeze", "x", 0),
        "take": ("index_select", "x", 0, "i"),
        "concatenate": ("cat", ("x", "y"), 0),
    },
    "jax": {"relu": ("maximum", "x", 0), "softmax": None},
    "numpy": {"relu": ("maximum", "x", 0), "softmax": None},
    "tensorflow": {
        "matmul": "linalg.matmul",
        "relu": "nn.relu",
        "softmax": "nn.softmax",
        "sum": "reduce_sum",
        "mean": "reduce_mean",
        "take": "gather",
        "concatenate": "concat",
    },
}
MODULES = {"torch": "torch", "jax": "jax.numpy", "numpy": "numpy", "tensorflow": "tensorflow"}


def figure(library, backend):
    side = native(backend)
    tensors = {
        "x": side.tensor(np.linspace(0.5, 2, 16, dtype="float32").reshape(4, 4)),
        "y": side.tensor(np.full((4, 4), 2, "float32")),
        "i": side.tensor(np.array([2, 0], "int32")),
    }
    return {name: beyond(library.ops, backend, name, tensors) for name in CALLS}


def beyond(ops, backend, name, tensors):
    """Calls of the op beyond the framework's own; all of them where the framework has no function for it."""
    given = CALLS[name]
    ours, arguments = getattr(ops, name), filled(given.split() if isinstance(given, str) else given, tensors)
    calls = measure.count_calls(lambda: ours(*arguments))
    own = NAMES[backend].get(name, name)
    if own is None:
        return calls
    own, parts = (own[0], filled(own[1:], tensors)) if isinstance(own, tuple) else (own, arguments)
    raw = importlib.import_module(MODULES[backend])
    for step in own.split("."):
        raw = getattr(raw, step)
    measure.refuse_if_different(ours(*arguments), raw(*parts), 1e-6)
    return calls - measure.count_calls(lambda: raw(*parts))


def filled(arguments, tensors):
    """The arguments with tensors for their names."""
    found = [
        tensors[a] if isinstance(a, str) else filled(a, tensors) if isinstance(a, tuple) and "x" in a else a
        for a in arguments
    ]
    return tuple(found) if isinstance(arguments, tuple) else found


if __name__ == "__main__":
    aim = "at most 6 for each; below 0 where kmb makes fewer calls than the framework's own function"
    measure.main("Twenty ops, calls beyond the framework's own function", aim, figure)
