"""No package here has a way from the bytes of a file to running code or importing what they name.

Pickles and bytecode, code out of texts, modules by a name that is computed: each place that needs one of these for
another purpose is listed with its reason, and a list that is longer than the code is refused too.
"""

import ast
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[3]
MODULES = {
    "pickle",
    "_pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "yaml",
    "runpy",
    "code",
}
CALLS = {"eval", "exec", "compile", "__import__", "import_module", "run_path", "run_module", "spec_from_file_location"}
UNSAFE = {"allow_pickle": True, "weights_only": False}
EXCEPTIONS = {  # file, what it does, for what
    ("kmb_core/_lazy.py", "calls import_module"): "public names and their modules, from a table in the source",
    ("kmb_core/_optional.py", "calls import_module"): "packages that a caller in the source names",
    ("kmb_core/cli/backends.py", "calls import_module"): "modules of kmb_core's own, found by listing them",
    ("kmb_core/plugins/mirror.py", "calls import_module"): "a plugin's modules, named as those of kmb_core",
    ("kmb_core/datasets/stored.py", "imports pickle"): "a reader that knows arrays and refuses every other name",
    ("kmb_core/data/prefetch.py", "imports pickle"): "a data set, for processes that it starts",
    ("kmb_core/comparison/benchmark.py", "imports pickle"): "data for a process that it starts, in a private folder",
    ("kmb_core/comparison/measuring.py", "imports pickle"): "that process",
    ("kmb_core/comparison/measuring.py", "imports runpy"): "the program that started it, for its own classes",
    ("kmb_core/comparison/measuring.py", "calls run_path"): "the same",
    ("kmb_core/comparison/measuring.py", "calls import_module"): "modules of that program, which it has named",
    ("kmb_backend_torch/layers/torch_module_wrapper.py", "passes weights_only=False"): "asked for by the program",
}


def offences(source):
    """What a source does that may run what a file says."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (f"imports {alias.name}" for alias in node.names if alias.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] in MODULES:
            yield f"imports {node.module}"
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _called(node):
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and node.func.attr not in (
        "eval",
        "exec",
        "compile",
    ):  # re's and models' own
        name = node.func.attr
    if name in CALLS:
        yield f"calls {name}"
    for keyword in node.keywords:
        if keyword.arg in UNSAFE and getattr(keyword.value, "value", None) is UNSAFE[keyword.arg]:
            yield f"passes {keyword.arg}={UNSAFE[keyword.arg]}"


def found():
    """Offences by file, in all packages but in the suite of tests that one of them ships."""
    for path in sorted(PACKAGES.glob("*/src/*/**/*.py")):
        name = str(Path(*path.relative_to(PACKAGES).parts[2:]))
        if "conformance/" not in name:
            yield from ((name, what) for what in offences(path.read_text(encoding="utf-8")))


def test_nothing_that_could_run_a_file_is_used_but_where_it_is_explained():
    assert set(found()) == set(EXCEPTIONS)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f():\n    from marshal import loads",
        "import cloudpickle as c",
        "eval(text)",
        "exec(code, {})",
        "__import__(name)",
        "import importlib\nimportlib.import_module(entry['module'])",
        "np.load(path, allow_pickle=True)",
        "torch.load(path, weights_only=False)",
    ],
)
def test_each_way_is_seen(source):
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    ["import json", "model.eval()", "re.compile('a')", "np.load(path, allow_pickle=False)", "from .pickle import x"],
)
def test_what_is_harmless_passes(source):
    assert list(offences(source)) == []
