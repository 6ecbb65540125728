"""`kmb bench MODEL.keras`: which of the installed backends is the fastest for a model."""

import argparse
import json
import sys
from contextlib import nullcontext
from typing import Any

import numpy as np

from kmb_core.errors import KmbError, StructureError, message

DESCRIPTION = """Train the model and predict with it on every installed backend, eagerly and compiled, each in a fresh
process; print samples per second, time to compile and memory, and name the fastest. KMB_BACKEND=auto then takes it."""


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("bench", help="measure a model on every installed backend", description=DESCRIPTION)
    parser.add_argument("model", help="a .keras file")
    parser.add_argument(
        "--data", metavar="FILE.npz", help="arrays x and y, or x/NAME for several inputs; random ones without it"
    )
    parser.add_argument(
        "--backend", action="append", metavar="NAME", help="measure this one; may be given several times"
    )
    parser.add_argument("--batch-size", type=int, default=32, help="samples in a step (32)")
    parser.add_argument("--length", type=int, default=32, help="what stands for open sizes in random inputs (32)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each figure is measured (1)")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds after which a process is ended (600)")
    parser.add_argument("--way", action="append", choices=["eager", "compiled", "jit"], help="measure this way only")
    parser.add_argument("--forget", action="store_true", help="do not note the result for KMB_BACKEND=auto")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 1 where a backend fails, 2 where nothing can be measured."""
    from rich.console import Console  # only where something is drawn

    from kmb_core.comparison.benchmark import benchmark  # imports much of the core

    console = Console(stderr=True)
    live = console.status("starting") if console.is_terminal and not options.json else nullcontext()
    try:
        x, y = (None, None) if options.data is None else _arrays(options.data)
        with live as status:
            found = benchmark(
                options.model,
                x,
                y,
                batch_size=options.batch_size,
                backends=options.backend,
                ways=options.way or ("eager", "compiled", "jit"),
                seconds=options.seconds,
                timeout=options.timeout,
                length=options.length,
                remember=not options.forget,
                progress=None if status is None else lambda line: status.update(f"measuring {line}"),
            )
    except KmbError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        Console().print(found)
    return 2 if found.fastest is None else int(any(row.error for row in found.measurements))


def _arrays(path: str) -> tuple[Any, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError) as error:
        raise StructureError(message(f"{path!r} cannot be read: {error}", None, "np.savez(path, x=x, y=y)")) from error
    return _part(arrays, "x", path), _part(arrays, "y", path) if any(k.startswith("y") for k in arrays) else None


def _part(arrays: dict[str, Any], name: str, path: str) -> Any:
    if name in arrays:
        return arrays[name]
    found = {key.removeprefix(f"{name}/"): array for key, array in arrays.items() if key.startswith(f"{name}/")}
    if not found:
        what = f"{path!r} holds no array {name!r}; it holds {', '.join(arrays) or 'nothing'}"
        raise StructureError(message(what, None, "np.savez(path, x=x, y=y)"))
    return found
