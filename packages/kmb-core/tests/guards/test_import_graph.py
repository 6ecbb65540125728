"""The core's imports point downwards, and in no circle; function-local imports count, typing-only ones do not.

An import inside a function is still a dependency: it only moves the failure from start-up to the first call. A lazy
namespace counts as well, with the imports of the stub beside it.
"""

import ast
import graphlib
import textwrap
from pathlib import Path

import pytest

import kmb_core

CORE = Path(kmb_core.__file__).parent

# From the bottom to the top; what stands in one row may import its neighbours, as long as no circle arises.
ORDER = (
    ("errors", "typing", "_lazy", "_namespaces", "_optional"),
    ("dtypes", "shapes", "tree"),
    ("settings",),
    ("plugins",),
    ("backend",),
    ("serialization",),
    ("ops",),
    ("random", "initializers", "activations", "regularizers", "constraints", "dtype_policies", "quantizers"),
    ("bounding_boxes",),
    ("graph",),
    ("layers",),
    ("losses", "metrics", "optimizers"),
    ("data",),
    ("saving",),
    ("export",),
    ("training", "callbacks"),
    ("models",),
    ("distillation", "legacy"),
    ("config", "distribution", "datasets", "preprocessing", "utils"),
    ("visualization", "wrappers", "applications"),
    ("mixed_precision", "comparison"),
    ("cli",),
    ("__main__",),
    ("",),  # kmb_core itself
    ("conformance",),  # tests of a backend, written as a user's program is
)
RANK = {name: rank for rank, row in enumerate(ORDER) for name in row}


def modules_below(root):
    """Every module of the package at `root`: dotted name → source files (a lazy package has a stub too)."""
    found = {}
    for path in root.rglob("*.py"):
        parts = (root.name, *path.relative_to(root).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = [path, *([path.with_suffix(".pyi")] if path.with_suffix(".pyi").exists() else [])]
    return found


def is_typing_only(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def import_nodes(node):
    """All imports below `node`, in functions too; of an `if TYPE_CHECKING:` only the else branch."""
    for child in node.orelse if is_typing_only(node) else ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom) or imports_by_name(child):
            yield child
        else:
            yield from import_nodes(child)


def imports_by_name(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")


def targets(node, module, is_package):
    """The dotted names that one import statement asks for, the most specific first."""
    if isinstance(node, ast.Call):
        return [[node.args[0].value]] if node.args and isinstance(node.args[0], ast.Constant) else []
    if isinstance(node, ast.Import):
        return [[alias.name] for alias in node.names]
    base = node.module or ""
    if node.level:
        parents = module.split(".")[: None if is_package and node.level == 1 else -(node.level - is_package)]
        base = ".".join([*parents, *([node.module] if node.module else [])])
    return [[f"{base}.{alias.name}", base] for alias in node.names]


def import_graph(root):
    """Module → the modules of the same package that it imports."""
    modules = modules_below(root)
    graph = {}
    for module, paths in modules.items():
        graph[module] = set()
        for path in paths:
            for node in import_nodes(ast.parse(path.read_text(encoding="utf-8"))):
                for names in targets(node, module, is_package=paths[0].name == "__init__.py"):
                    graph[module].update([name for name in names if name in modules][:1])
        graph[module].discard(module)
    return graph


def circle(graph):
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def folder(module):
    return module.partition(".")[2].partition(".")[0]


def write_package(folder_path, sources):
    root = folder_path / "made_up"
    for name, source in {"__init__.py": "", **sources}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
    return root


def test_the_core_has_no_import_cycle():
    assert not (found := circle(import_graph(CORE))), " → ".join(found)


def test_every_folder_of_the_core_has_a_place_in_the_order():
    assert {folder(module) for module in modules_below(CORE)} <= set(RANK)


def test_imports_of_the_core_point_downwards():
    upwards = [
        f"{module} imports {target}"
        for module, imported in import_graph(CORE).items()
        for target in imported
        if RANK.get(folder(target), -1) > RANK.get(folder(module), len(ORDER))
    ]
    assert not upwards, "\n".join(upwards)


@pytest.mark.parametrize(
    "back",
    [
        "import made_up.a",
        "from made_up import a",
        "from . import a",
        "from .a import name",
        "def f():\n    from made_up.a import name",
        "class C:\n    def f(self):\n        import made_up.a as other",
        "try:\n    import made_up.a\nexcept ImportError:\n    pass",
        "import importlib\nimportlib.import_module('made_up.a')",
    ],
)
def test_a_circle_is_seen_however_the_import_is_written(tmp_path, back):
    root = write_package(tmp_path, {"a.py": "from made_up.b import name", "b.py": back})
    assert sorted(set(circle(import_graph(root)))) == ["made_up.a", "made_up.b"]


def test_a_lazy_package_is_as_dependent_as_its_stub_says(tmp_path):
    stub = "from .dense import Dense"
    sources = {"layers/__init__.py": "", "layers/__init__.pyi": stub, "layers/dense.py": "from made_up.layers import x"}
    assert len(circle(import_graph(write_package(tmp_path, sources)))) == 3


def test_an_import_for_type_checkers_only_is_no_dependency(tmp_path):
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made_up.a import name\nelse:\n    name = 1"
    root = write_package(tmp_path, {"a.py": "import made_up.b", "b.py": guarded})
    assert import_graph(root)["made_up.b"] == set()


def test_a_submodule_asked_of_its_package_is_the_dependency_not_the_package(tmp_path):
    root = write_package(tmp_path, {"p/__init__.py": "from .q import x", "p/q.py": "from . import r", "p/r.py": ""})
    assert import_graph(root)["made_up.p.q"] == {"made_up.p.r"}
