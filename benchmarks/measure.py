"""How every figure here is measured: calls are counted, times are compared side by side, never taken alone.

A count of Python and C function calls (`sys.setprofile`) is the same however busy the machine is. A time is only a
ratio: A B A B … in one process, process CPU time on one pinned core, the median and the quartiles of the rounds'
ratios. Both sides must compute the same thing first. A script measures one library in one process; comparing with
Keras runs it twice, so that neither library's import or thread pool is in the other's way.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

ROUNDS = 11
FEW = 6  # numbers that stand side by side in a table
TRAINING_BACKENDS = ("jax", "torch", "tensorflow")
ALL_BACKENDS = (*TRAINING_BACKENDS, "numpy")


def count_calls(function) -> int:
    """Python and C calls that `function()` makes in this thread once it is warm, itself not counted."""
    for _ in range(3):
        function()
    counts = [_counted(function) for _ in range(3)]
    return int(statistics.median(counts))


def _counted(function) -> int:
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count - 2  # the function itself, and the call that ends the profile


def calls_for_each(function, few: int = 8, many: int = 24) -> float:
    """Calls for each unit of work, where `function(n)` does n of them: what is done once cancels out."""
    return (count_calls(lambda: function(many)) - count_calls(lambda: function(few))) / (many - few)


def compare_times(ours, other, rounds: int = ROUNDS) -> dict[str, float]:
    """CPU time of `ours` over `other`, interleaved: median ratio, quartiles, and both medians in milliseconds."""
    ours(), other()
    pairs = []
    for turn in range(rounds):
        # The order changes from round to round, so that neither side always meets the other's warm cache.
        if turn % 2:
            second, first = _cpu_seconds(other), _cpu_seconds(ours)
        else:
            first, second = _cpu_seconds(ours), _cpu_seconds(other)
        pairs.append((first, second))
    low, middle, high = statistics.quantiles([first / second for first, second in pairs], n=4)
    return {
        "ratio": middle,
        "low": low,
        "high": high,
        "ours, ms": 1e3 * statistics.median(first for first, _ in pairs),
        "native, ms": 1e3 * statistics.median(second for _, second in pairs),
    }


def calls_in(function, seconds: float) -> int:
    """How many calls of a function take about so long; one at least."""
    function()
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds:
        function()
        count += 1
    return count


def _cpu_seconds(function) -> float:
    gc.collect()  # or one side pays for what the other left behind
    start = time.process_time()
    function()
    return time.process_time() - start


def refuse_if_different(ours, native, tolerance: float) -> None:
    """A comparison of two different computations says nothing: end the program instead."""
    difference = float(np.max(np.abs(np.asarray(ours, "float64") - np.asarray(native, "float64"))))
    if not difference <= tolerance:
        sys.exit(
            f"Refused: the two sides compute different things (they differ by {difference:.2e} > {tolerance:.0e})."
        )


def load_library(name: str, backend: str):
    """`kmb_core` or `keras` on a backend, on one core and with one thread."""
    os.environ.update(KMB_BACKEND=backend, KERAS_BACKEND=backend, OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="2")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return importlib.import_module(name)


def main(title: str, aim: str, figure, backends: tuple[str, ...] = ALL_BACKENDS) -> None:
    """The command line of a benchmark: `figure(library, backend)` returns its numbers by name."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--library", choices=["kmb_core", "keras", "both"], default="both")
    parser.add_argument("--backend", choices=backends, default=os.environ.get("KMB_BACKEND") or backends[0])
    parser.add_argument("--json", action="store_true", help="print the numbers of one library and nothing else")
    options = parser.parse_args()
    if options.json:
        library = load_library(options.library, options.backend)
        print(json.dumps(figure(library, options.backend)))
        return
    wanted = ["kmb_core", "keras"] if options.library == "both" else [options.library]
    rows = {name: _in_a_process_of_its_own(name, options.backend) for name in wanted}
    measured = {name: row for name, row in rows.items() if row}
    _print_table(f"{title} – {options.backend}", aim, measured)
    sys.exit(wanted[0] not in measured)  # Keras is a column that may be missing, unless it alone was asked for


def _in_a_process_of_its_own(library: str, backend: str) -> dict[str, float] | None:
    command = [sys.executable, sys.argv[0], "--library", library, "--backend", backend, "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        reason = finished.stderr.strip().splitlines() or ["no reason given"]
        print(f"{library}: not measured. {reason[-1]}", file=sys.stderr)
        return None
    return json.loads(finished.stdout.splitlines()[-1])


def _print_table(title: str, aim: str, rows: dict[str, dict[str, float]]) -> None:
    print(title)
    names = list(next(iter(rows.values()), {}))
    if len(names) > FEW:
        _print_down(names, rows)
        print(f"  aim: {aim}\n", flush=True)
        return
    print(f"  {'':10}" + "".join(f"{name:>20}" for name in names))
    for library, row in rows.items():
        print(f"  {library:10}" + "".join(f"{row[name]:20,.2f}" for name in names))
    print(f"  aim: {aim}\n", flush=True)


def _print_down(names: list[str], rows: dict[str, dict[str, float]]) -> None:
    """Many numbers stand below one another, a library in each column."""
    print(f"  {'':26}" + "".join(f"{library:>12}" for library in rows))
    for name in names:
        print(f"  {name:26}" + "".join(f"{row.get(name, float('nan')):12,.2f}" for row in rows.values()))
