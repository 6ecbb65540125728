"""Writes what is derived from the lazy namespaces: the stubs beside them, and the stored list of the public API.

    python packages/kmb-core/tests/guards/public_api.py

Run it after adding a public name; the tests beside it compare.
"""

import inspect
import json
import sys
from pathlib import Path

import kmb_core
from kmb_core._lazy import TABLES

STORED = Path(__file__).with_name("public_api.json")
CORE = Path(kmb_core.__file__).parent
LEFT_OUT = {"kmb_core.applications"}  # another package's names


def namespaces():
    """All public namespaces by dotted name."""
    found = {"kmb_core": kmb_core}
    pending = ["kmb_core"]
    for name in pending:
        for child in public_names(found[name]):
            dotted, value = f"{name}.{child}", getattr(found[name], child)
            if inspect.ismodule(value) and dotted not in {*found, *LEFT_OUT}:
                found[dotted] = value
                pending.append(dotted)
    return found


def public_names(module):
    return sorted(name for name in getattr(module, "__all__", ()) if not name.startswith("_"))


def public_api():
    """{dotted name: signature, or the kind of thing that has none}."""
    api = {}
    for namespace, module in namespaces().items():
        for name in public_names(module):
            value = getattr(module, name)
            if not inspect.ismodule(value):
                api[f"{namespace}.{name}"] = described(value)
    return dict(sorted(api.items()))


def described(value):
    try:
        return str(inspect.signature(value.__init__ if isinstance(value, type) else value))
    except (TypeError, ValueError):
        return type(value).__name__


def stub_path(package):
    module = sys.modules[package]
    return Path(module.__file__).with_suffix(".pyi")


def stub_text(package):
    """The imports that a lazy namespace makes, written out for type checkers and editors."""
    names, modules = TABLES[package]
    lines = [f"from {package} import {module} as {module}" for module in sorted(modules)]
    renamed = []
    for name, target in sorted(names.items()):
        module, _, attribute = target.partition(":")
        if attribute in ("", name):
            lines.append(f"from {module} import {name} as {name}")
        else:  # a stub hands on what is imported as itself; another name is an assignment
            lines.append(f"from {module} import {attribute} as _{name}")
            renamed.append(f"{name} = _{name}")
    lines += ["", *renamed] if renamed else []
    if package == "kmb_core":
        lines += ["", "__version__: str", "", "def version() -> str: ..."]
    return "\n".join(lines) + "\n"


def write():
    STORED.write_text(json.dumps(public_api(), indent=1) + "\n", encoding="utf-8")
    for package in sorted(TABLES):
        stub_path(package).write_text(stub_text(package), encoding="utf-8")


if __name__ == "__main__":
    write()
