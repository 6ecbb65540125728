"""`kmb convert SOURCE TARGET`: a file of a model or of weights as one of another format."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from kmb_core.errors import KmbError

DESCRIPTION = """Write what is in a file as a file of another format, which the endings say: .keras, .weights.h5,
.weights.json (several files) or .safetensors. Arrays are copied one at a time; no model is made of them, and no backend
is needed, unless --build is given or the source is an .h5 file as before Keras 3."""


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("convert", help="write a file in another format", description=DESCRIPTION)
    parser.add_argument("source", help="a .keras, .weights.h5, .weights.json or .safetensors file, or an older .h5")
    parser.add_argument("target", help="a file with another of the first four endings")
    parser.add_argument("--model", metavar="FILE.keras", help="the architecture, for weights that become a .keras file")
    parser.add_argument("--build", action="store_true", help="make the model: tensors are named as its variables are")
    parser.add_argument("--max-shard-size", type=float, metavar="GB", help="of each file beside a .weights.json")
    parser.add_argument("--keep", action="store_true", help="do not replace a file that is there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Convert and say what was written; 2 where it cannot be."""
    from kmb_core.saving.conversion import convert_file  # imports much of the core

    try:
        found = convert_file(
            options.source,
            options.target,
            model=options.model,
            build=options.build,
            max_shard_size=options.max_shard_size,
            overwrite=not options.keep,
        )
    except KmbError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(asdict(found), indent=2))
    else:
        print(f"{found.target}: {found.arrays} arrays, {found.bytes:,} bytes of values")
    return 0
