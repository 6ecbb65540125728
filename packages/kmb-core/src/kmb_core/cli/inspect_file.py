"""`kmb inspect FILE`: what is in a file of a model or of weights, without making anything of it."""

import argparse
import json
import math
import sys
from dataclasses import asdict
from typing import Any

from kmb_core.errors import KmbError

DESCRIPTION = """Print the architecture, the arrays with their sizes, who wrote the file, and what is unusual about it.
Nothing is built, nothing in the file is run, and no backend is needed. The status is 1 where something is unusual,
2 where the file cannot be read."""
ROWS = 60  # of a table
WIDE = 90  # columns of a terminal that shows all of a layer


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("inspect", help="look into a file without loading it", description=DESCRIPTION)
    parser.add_argument("file", help="a .keras, .weights.h5, .weights.json or .safetensors file")
    parser.add_argument("--all", action="store_true", help=f"all rows of long tables, not the first {ROWS}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; 1 where something is unusual, 2 where the file cannot be read."""
    from kmb_core.saving.inspection import inspect_file  # imports much of the core

    try:
        report = inspect_file(options.file)
    except KmbError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({**asdict(report), "parameters": report.parameters}, indent=2))
    else:
        _print(report, None if options.all else ROWS)
    return int(bool(report.unusual))


def _print(report: Any, rows: int | None) -> None:
    from rich.console import Console  # imported when something is drawn

    console = Console(highlight=False)
    console.print(f"[bold]{_plain(report.path)}[/bold]  {report.kind}, {_size(report.bytes)}", soft_wrap=True)
    facts = {"written by": report.written_by or "not said in the file", "on": report.date, "model": report.model}
    facts |= {"compiled with": report.compiled, "files": ", ".join(report.files)}
    for name, fact in facts.items():
        if fact:
            console.print(f"{name:<13} {_plain(fact)}", soft_wrap=True)
    if report.layers:
        columns = _LAYERS if console.width >= WIDE else {k: v for k, v in _LAYERS.items() if k not in _OF_WIDE}
        console.print(_table(columns, [_layer(row) for row in report.layers], rows))
    if report.arrays:
        console.print(_table(_ARRAYS, [_array(row) for row in report.arrays], rows))
        total = sum(row.bytes for row in report.arrays)
        console.print(f"\n{len(report.arrays)} arrays, {report.parameters:,} elements, {_size(total)}")
    console.print("\n[bold]unusual[/bold]" if report.unusual else "\nnothing unusual")
    for line in report.unusual:
        console.print(f"  [yellow]{_plain(line)}[/yellow]", soft_wrap=True)


_LAYERS = {"layer": "left", "class": "left", "takes": "left", "after": "left", "elements": "right", "settings": "left"}
_OF_WIDE = ("after", "settings")
_ARRAYS = {"array": "left", "shape": "left", "dtype": "left", "size": "right"}


def _table(columns: dict[str, Any], rows: list[dict[str, str]], most: int | None) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title="", title_justify="left")
    for name, side in columns.items():
        table.add_column(name, justify=side, overflow="fold", no_wrap=side == "right")
    for row in rows[:most]:
        table.add_row(*(row[name] for name in columns))
    if most is not None and len(rows) > most:
        table.add_row(f"… and {len(rows) - most} more: --all")
    return table


def _layer(row: Any) -> dict[str, str]:
    settings = ", ".join(f"{key}={value}" for key, value in row.settings.items())
    cells = {"layer": "  " * row.depth + row.name, "class": row.layer, "takes": _shape(row.takes)}
    cells |= {"after": ", ".join(row.follows), "elements": f"{row.parameters:,}" if row.parameters else ""}
    return {name: _plain(cell) for name, cell in {**cells, "settings": settings}.items()}


def _array(row: Any) -> dict[str, str]:
    stored = f" ({_size(row.stored_bytes)} stored)" if row.stored_bytes < row.bytes else ""
    return {
        "array": _plain(row.path),
        "shape": _shape(row.shape),
        "dtype": row.dtype,
        "size": _size(row.bytes) + stored,
    }


def _shape(shape: Any) -> str:
    if isinstance(shape, (list, tuple)) and all(size is None or isinstance(size, int) for size in shape):
        sizes = ", ".join("–" if size is None else str(size) for size in shape)
        return f"({sizes},)" if len(shape) == 1 else f"({sizes})"
    if isinstance(shape, (list, tuple)):
        return " ".join(_shape(one) for one in shape)
    if isinstance(shape, dict):
        return " ".join(f"{_plain(key)}={_shape(one)}" for key, one in shape.items())
    return "" if shape is None else _plain(str(shape))


def _size(size: int) -> str:
    unit = max(0, min(3, int(math.log(max(size, 1), 1024))))
    return f"{size / 1024**unit:.{1 if unit else 0}f} {('B', 'KiB', 'MiB', 'GiB')[unit]}"


def _plain(text: str) -> str:
    """A text of the file, which may not steer the terminal or the printing."""
    from rich.markup import escape

    return escape("".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text))
