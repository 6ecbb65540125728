"""The core neither imports a framework nor names a backend in its code; what it needs to know it asks a capability.

Docstrings are exempt (their examples choose backends), error texts may name a pip command.
"""

import ast
import re
from pathlib import Path

import pytest

import kmb_core

CORE = Path(kmb_core.__file__).parent
FRAMEWORKS = {"torch", "jax", "jaxlib", "flax", "tensorflow", "keras"}
BACKEND_NAME = re.compile(r"(torch|jax|tensorflow|tf)(\.|$)")
COMPARED_NAMES = {"torch", "jax", "tensorflow", "numpy"}


def formats(tree):
    """The values of Keras' argument `format`, one of which has a framework's name."""
    assigned = (node for node in ast.walk(tree) if isinstance(node, ast.Assign))
    tables = [node for node in assigned if ast.unparse(node.targets[0]) == "FORMATS"]
    return {id(part) for table in tables for part in ast.walk(table)}


def docstrings(tree):
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, owners) and node.body)
    return {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}


def imported_roots(node):
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(node.module or "").partition(".")[0]]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        return [arg.value.partition(".")[0] for arg in node.args[:1] if isinstance(getattr(arg, "value", 0), str)]
    return []


def compared(node):
    if isinstance(node, ast.Compare):
        parts = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
        return [part.value for part in parts if isinstance(part, ast.Constant)]
    if isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant):
        return [node.value.value]
    return []


def offences(source):
    """What a source does that the core must not, as (line, description)."""
    tree = ast.parse(source)
    exempt = docstrings(tree) | formats(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for root in imported_roots(node):
            if root in FRAMEWORKS:
                yield line, f"imports {root}"
        for value in compared(node):
            if isinstance(value, str) and value in COMPARED_NAMES:
                yield line, f"compares with {value!r}"
        if isinstance(node, ast.Constant) and id(node) not in exempt and BACKEND_NAME.match(str(node.value)):
            yield line, f"names {node.value!r}"


def test_the_core_imports_no_framework_and_names_no_backend():
    found = [
        f"{path.relative_to(CORE)}:{line} {what}"
        for path in sorted(CORE.rglob("*.py"))
        for line, what in offences(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        "import jax.numpy as jnp",
        "def f():\n    from tensorflow import nn",
        "import importlib\nimportlib.import_module('jax')",
        "if backend() == 'jax': pass",
        "if name in ('numpy', other): pass",
        "match name:\n    case 'numpy': pass",
        "table = {'tensorflow': 1}",
        "is_tensor = type(x).__module__.startswith('torch.')",
    ],
)
def test_each_way_to_lean_on_a_framework_is_seen(source):
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np",
        "def f():\n    '''torch'''",
        "'''jax'''",
        "from kmb_core.backend import current_backend",
        "text = 'pip install kmb-core[jax]'",
        "text = 'a torch is a light'",
        "FORMATS = ('tf', 'grain')",
        "name = 'keras.src.backend.torch.optimizers.torch_adam'",
    ],
)
def test_what_leans_on_no_framework_passes(source):
    assert list(offences(source)) == []
