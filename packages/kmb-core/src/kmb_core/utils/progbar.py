"""Progbar: progress of a user's own loop, as `fit` shows its own.

A terminal gets a line that is redrawn, a pipe or a file gets the final line only: no control characters lie in a log.
"""

import logging
import sys
import time
from collections.abc import Iterable
from typing import Any

from kmb_core import settings
from kmb_core.training.progress import cut, duration, is_live, shown_metrics, terminal_columns, width, writable_bar

_GAP = "  "
logger = logging.getLogger("kmb_core")


class Progbar:
    """Shows how far a loop has come, and values that change on the way.

    Args:
        target: number of steps, None where it is not known.
        width: characters of the bar.
        verbose: 0 shows nothing, 1 a redrawn line on a terminal and the final line elsewhere, 2 the final line only.
        interval: seconds between two redraws, at least.
        stateful_metrics: names of values shown as they are given; those of all names that are not averaged.
        stateless_metrics: names of values that are averaged over the steps.
        unit_name: what a step is called.

    Example:
        >>> import kmb_core
        >>> bar = kmb_core.utils.Progbar(2, verbose=0, stateless_metrics=["loss"])
        >>> bar.add(1, [("loss", 1.0)])
        >>> bar.add(1, [("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self.stateless_metrics = set(stateless_metrics or ()) - self.stateful_metrics
        self._seen = 0
        self._values: dict[str, Any] = {}
        self._sums: dict[str, tuple[float, int]] = {}
        self._started = self._last_drawn = time.perf_counter()
        self._first_step: tuple[int, float] | None = None
        self._drawn = 0

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Report that `current` steps are done.

        Args:
            current: number of steps done.
            values: pairs of names and numbers.
            finalize: whether these were the last steps; `current >= target` when None.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._values[name] = self._averaged(name, value, current) if name in self.stateless_metrics else value
        self._seen = current
        now = time.perf_counter()
        if self.verbose:
            self._show(current, now, finalize)
        if self._first_step is None:
            self._first_step = (current, now)  # the first step often compiles; it says nothing about the others

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Report that `n` more steps are done; see `update`."""
        self.update(self._seen + n, values)

    def _averaged(self, name: str, value: Any, current: int) -> float:
        steps = max(1, current - self._seen)
        total, count = self._sums.get(name, (0.0, 0))
        self._sums[name] = (total + float(value) * steps, count + steps)
        total, count = self._sums[name]
        return total / count

    def _show(self, current: int, now: float, finalize: bool) -> None:
        live = self.verbose == 1 and settings.is_interactive_logging_enabled() and is_live(sys.stdout)
        if not finalize and (not live or (self._drawn and now - self._last_drawn < self.interval)):
            return
        self._last_drawn = now
        line = _GAP.join(part for part in self._parts(current, now, finalize) if part)
        if not settings.is_interactive_logging_enabled():
            logger.info(line)
        else:
            self._write(line, live, finalize)

    def _write(self, line: str, live: bool, finalize: bool) -> None:
        if live:
            line = cut(line, terminal_columns(sys.stdout))
            line, self._drawn = "\r" + line + " " * (self._drawn - width(line)), width(line)
        sys.stdout.write(line + ("\n" if finalize else ""))
        sys.stdout.flush()

    def _parts(self, current: int, now: float, finalize: bool) -> list[str]:
        counted = f"{current}/Unknown" if self.target is None else f"{current:>{len(str(self.target))}}/{self.target}"
        spent = now - self._started
        each = self._seconds_each(current, now)
        remaining = None if self.target is None or finalize or each is None else each * (self.target - current)
        return [
            counted,
            "" if self.target is None else self._bar(current),
            duration(spent) if remaining is None else f"ETA {duration(max(0.0, remaining))}",
            "" if each is None else f"{duration(each)}/{self.unit_name}",
            *shown_metrics(self._values),
        ]

    def _bar(self, current: int) -> str:
        fill, empty = writable_bar(sys.stdout)
        done = min(self.width, self.width * current // max(1, self.target or 1))
        return fill * done + empty * (self.width - done)

    def _seconds_each(self, current: int, now: float) -> float | None:
        steps, since = self._first_step or (0, self._started)
        if current <= steps:
            steps, since = 0, self._started
        return (now - since) / (current - steps) if current > steps else None
