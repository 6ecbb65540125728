"""`kmb models`: the ready-made models of `kmb_core.applications`, by size and speed."""

import argparse
import dataclasses
import json
import sys
from typing import Any

from kmb_core.errors import NamespaceNotInstalledError


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("models", help="list the models of kmb_core.applications")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list; 2 where no package supplies models."""
    from kmb_core import applications  # looks for packages

    try:
        found = sorted(applications.list_models(), key=lambda model: model.name)
    except NamespaceNotInstalledError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([dataclasses.asdict(model) for model in found], indent=2))
    else:
        _print_table(found)
    return 0


def _print_table(models: list[Any]) -> None:
    from rich.console import Console  # imported when something is drawn
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("model", overflow="fold")
    table.add_column("image")
    table.add_column("parameters", justify="right", overflow="fold")
    table.add_column("multiply-adds", justify="right", overflow="fold")
    table.add_column("images per second")
    for model in models:
        image = "×".join(map(str, model.input_shape))
        speeds = sorted(model.throughput.items(), key=lambda item: -item[1])
        measured = ", ".join(f"{backend} {speed:.3g}" for backend, speed in speeds)
        table.add_row(model.name, image, _short(model.parameters), _short(model.multiply_adds), measured)
    console = Console()
    console.print(table)
    if not any(model.throughput for model in models):
        console.print("\nSpeeds are shown of models that kmb_core.benchmark(model) has measured here.")


def _short(number: int) -> str:
    """Three digits and a unit: 25600000 is "25.6 M"."""
    scale, unit = (1e9, "G") if number >= 1e9 else (1e6, "M")
    return f"{number / scale:#.3g} {unit}".replace(". ", " ")
