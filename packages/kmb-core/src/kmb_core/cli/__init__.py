"""The `kmb` command."""

import argparse
from collections.abc import Sequence

import importlib_metadata

from kmb_core.cli import backends, bench, convert, inspect_file, models


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="kmb", description="Look at what kmb has to work with.")
    parser.add_argument("--version", action="version", version=f"kmb-core {importlib_metadata.version('kmb-core')}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    backends.add_parser(commands)
    bench.add_parser(commands)
    models.add_parser(commands)
    inspect_file.add_parser(commands)
    convert.add_parser(commands)
    options = parser.parse_args(arguments)
    return options.run(options)
