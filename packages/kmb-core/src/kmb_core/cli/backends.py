"""`kmb backends`: what is installed, and what the contract asks of a backend.

Listing reads packages' metadata and the plugins' own descriptions; only `--probe` and `--contract` load frameworks.
"""

import argparse
import importlib
import json
import pkgutil
from dataclasses import asdict, dataclass, field
from typing import Any

import importlib_metadata

from kmb_core.errors import KmbError
from kmb_core.plugins import CONTRACT, Capability, installed_backends, load_backend
from kmb_core.plugins.contract import DECLARED
from kmb_core.plugins.discovery import backend_info


@dataclass
class Row:
    """One installed backend as it is shown."""

    name: str
    package: str
    version: str
    framework: str = ""
    framework_version: str = ""
    contract: int | None = None
    devices: list[str] = field(default_factory=list)
    capabilities: dict[str, str] = field(default_factory=dict)
    status: str = "ok"
    error: str = ""


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("backends", help="list installed backends")
    parser.add_argument("--probe", action="store_true", help="load each framework: its devices, and whether it works")
    parser.add_argument(
        "--contract", action="store_true", help="primitives, derived ops, and what each backend overrides"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list; 1 when a backend is broken, 2 when there is none."""
    if options.contract:
        return _print_contract(options.json)
    rows = [describe(name, options.probe) for name in sorted(installed_backends())]
    if options.json:
        print(json.dumps({"contract": CONTRACT, "backends": [asdict(row) for row in rows]}, indent=2))
    elif rows:
        _print_rows(rows)
    else:
        print("No backend is installed. Try: pip install kmb-core[jax], kmb-core[torch], or another extra of kmb-core.")
    return 2 if not rows else int(any(row.status == "error" for row in rows))


def describe(name: str, probe: bool) -> Row:
    """What is known of a backend; an error becomes part of the row."""
    installed = installed_backends()[name]
    row = Row(name, installed.package, installed.version)
    try:
        info = backend_info(name)
        row.framework, row.contract, row.devices = info.framework, info.contract, list(info.devices)
        row.framework_version = _version(info.framework)
        row.capabilities = {c.value: _support(info.supports(c)) for c in Capability}
        if info.contract != CONTRACT:
            row.status, row.error = "error", f"contract {info.contract}, this core speaks {CONTRACT}"
        elif not row.framework_version:
            row.status, row.error = (
                "error",
                f"framework {info.framework} is not installed: pip install {info.framework}",
            )
        elif probe:
            _probe(row)
    except Exception as error:  # any failure of a plugin is what this command is there to show
        row.status, row.error = (
            "error",
            str(error) if isinstance(error, KmbError) else f"{type(error).__name__}: {error}",
        )
    return row


def _probe(row: Row) -> None:
    backend = load_backend(row.name)
    _import_all_ops()
    lacking = backend.lacking()
    if lacking:
        row.status, row.error = "error", f"lacks {len(lacking)} primitives: {', '.join(lacking)}"
    list_devices = getattr(backend.implementation, "list_devices", None)
    if list_devices is not None:
        row.devices = list(list_devices())


def _version(distribution: str) -> str:
    for candidate in (distribution, f"{distribution}-cpu", f"{distribution}-gpu"):
        try:
            return importlib_metadata.version(candidate)
        except importlib_metadata.PackageNotFoundError:
            continue
    return ""


def _support(support: Any) -> str:
    return support.degree.value if not support.reason else f"{support.degree.value}: {support.reason}"


def _print_rows(rows: list[Row]) -> None:
    from rich.console import Console  # imported when something is drawn
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("backend", "package", "framework", "contract", "devices", "status"):
        table.add_column(column, overflow="fold")
    for row in rows:
        framework = f"{row.framework} {row.framework_version}".strip()
        status = "ok" if row.status == "ok" else f"[red]error[/red] {escape(row.error)}"
        contract = "" if row.contract is None else str(row.contract)
        table.add_row(row.name, f"{row.package} {row.version}", framework, contract, ", ".join(row.devices), status)
    console.print(table)
    for row in rows:
        limits = [f"{name} ({text})" for name, text in row.capabilities.items() if text != "full"]
        if limits:
            console.print(f"\n[bold]{row.name}[/bold]: full support except for", highlight=False)
            for limit in limits:
                console.print(f"  {escape(limit)}", highlight=False)


def _import_all_ops() -> None:
    """Import every family, so that all declarations are known."""
    for package_name in ("kmb_core.ops", "kmb_core.random"):
        package = importlib.import_module(package_name)
        for module in pkgutil.walk_packages(package.__path__, f"{package_name}."):
            importlib.import_module(module.name)


def _print_contract(as_json: bool) -> int:
    _import_all_ops()
    primitives = sorted(r.name for r in DECLARED.values() if r.primitive)
    derived = sorted(r.name for r in DECLARED.values() if not r.primitive)
    overrides: dict[str, Any] = {}
    for name in sorted(installed_backends()):
        try:
            backend = load_backend(name)
        except KmbError as error:
            overrides[name] = {"error": str(error).splitlines()[0]}
            continue
        own = sorted(n for n in derived if n in backend.overridden)
        overrides[name] = {"overrides": own, "lacks": backend.lacking(), "extensions": backend.extended}
    if as_json:
        print(
            json.dumps(
                {"contract": CONTRACT, "primitives": primitives, "derived": derived, "backends": overrides}, indent=2
            )
        )
        return 0
    print(
        f"contract {CONTRACT}: a backend supplies {len(primitives)} primitives; "
        f"{len(derived)} ops are derived from them\n"
    )
    print(f"primitives ({len(primitives)}):\n  {' '.join(primitives)}\n")
    print(f"derived ({len(derived)}):\n  {' '.join(derived)}")
    for name, entry in overrides.items():
        if "error" in entry:
            print(f"\n{name}: {entry['error']}")
            continue
        print(f"\n{name} overrides {len(entry['overrides'])} of {len(derived)}:\n  {' '.join(entry['overrides'])}")
        if entry["lacks"]:
            print(f"{name} LACKS {len(entry['lacks'])} primitives: {' '.join(entry['lacks'])}")
    return 0
