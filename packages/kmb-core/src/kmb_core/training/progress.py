"""Progress of training, as a live line for a person or as one line an epoch for a file.

A terminal (or a notebook) gets one line that is redrawn at most ten times a second; a pipe or a file gets a line when
the epoch is over, without any control character. The redraw is a carriage return and spaces: it needs no escape
sequences, so it works wherever text does, and no third-party package.

What is shown between redraws costs one clock reading a step; metrics are read only when they are drawn.
"""

import logging
import os
import sys
import time
import unicodedata
from collections.abc import Mapping
from typing import Any, TextIO

from kmb_core import settings

REDRAWS_PER_SECOND = 10
BAR_WIDTH = 20
_GAP = "  "

logger = logging.getLogger("kmb_core")


def announce(text: str) -> None:
    """Tell the user something: on standard output, or through logging where interactive logging is off.

    Args:
        text: one or more lines.

    Example:
        >>> announce("Epoch 3: stopped early")
        Epoch 3: stopped early
    """
    if settings.is_interactive_logging_enabled():
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    else:
        logger.info(text)


def is_live(stream: TextIO) -> bool:
    """Tell whether a line on this stream can be redrawn.

    Args:
        stream: where progress is to go.

    Returns:
        True for terminals and notebooks.

    Example:
        >>> import io
        >>> is_live(io.StringIO())
        False
    """
    if type(stream).__module__.partition(".")[0] == "ipykernel":
        return True
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # a replaced stream, a closed stream
        return False


def terminal_columns(stream: TextIO) -> int:
    """Count the columns that a line on a stream may take; 79 where it is no terminal.

    Args:
        stream: where progress is to go.

    Returns:
        The number of columns.

    Example:
        >>> import io
        >>> terminal_columns(io.StringIO())
        79
    """
    # One column stays free: many terminals wrap as soon as the last one is written.
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, AttributeError, ValueError):
        columns = 80
    return max(1, (columns or 80) - 1)


def writable_bar(stream: TextIO) -> tuple[str, str]:
    """Choose the characters of a bar that a stream can write.

    Args:
        stream: where progress is to go.

    Returns:
        What stands for what is done and for what is left.

    Example:
        >>> import io
        >>> writable_bar(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
        ('=', '.')
    """
    return ("━", "─") if _can_write("━─", stream) else ("=", ".")


class Progress:
    """The progress of one epoch, or of one pass of evaluation or prediction.

    Args:
        total: number of steps, None where it is not known.
        label: what is under way, such as `Epoch 1/5`.
        live: True for a line that is redrawn, False for one line at the end.
        batch_size: rows in a step, for samples/s; None shows the time of a step only.
        stream: where to write; standard output where it is None.

    Example:
        >>> import io
        >>> out = io.StringIO()
        >>> progress = Progress(2, "Epoch 1/1", live=False, stream=out)
        >>> progress.finish(2, {"loss": 0.5})
        >>> out.getvalue().startswith("Epoch 1/1  2/2")
        True
    """

    def __init__(
        self,
        total: int | None,
        label: str,
        live: bool,
        batch_size: int | None = None,
        stream: TextIO | None = None,
    ) -> None:
        self._total = total
        self._label = printable(label)
        self._live = live
        self._batch_size = batch_size
        self._stream = sys.stdout if stream is None else stream
        self._fill, self._empty = writable_bar(self._stream)
        self._drawn_width = 0
        self._next_draw = 0.0
        self._started = time.perf_counter()
        self._first_step: tuple[int, float] | None = None
        self._steps_ended: float | None = None

    def update(self, step: int, metrics: Mapping[str, Any] | None = None) -> None:
        """Report that `step` steps are done. Draws only if the last redraw is a tenth of a second ago.

        Args:
            step: number of steps done.
            metrics: values by name, read only when they are drawn.
        """
        now = time.perf_counter()
        if self._first_step is None:
            # The first step compiles; it says nothing about the steps to come.
            self._first_step = (step, now)
        if not self._live or now < self._next_draw:
            return
        self._next_draw = now + 1.0 / REDRAWS_PER_SECOND
        self._redraw(self._live_line(step, now, metrics or {}))

    def finish(self, step: int, metrics: Mapping[str, Any] | None = None) -> None:
        """Write the final line.

        Args:
            step: number of steps done.
            metrics: final values by name.
        """
        now = time.perf_counter()
        essential = [self._label, self._counted(step), f"{duration(now - self._started)}"]
        rates, shown = self._rates(step, self._steps_ended or now), shown_metrics(metrics or {})
        whole = [*essential, *rates, *shown]
        if not self._live:
            self._write(_GAP.join(whole) + "\n")
            return
        columns = self._columns()
        # The numbers of an epoch are never left out: what does not fit goes on in the next line.
        lines = folded(whole if width(_GAP.join(whole)) <= columns else essential + shown, columns)
        self._redraw(lines[0])
        self._write("".join("\n" + line for line in lines[1:]) + "\n")
        self._drawn_width = 0

    def end_steps(self) -> None:
        """Note that the steps are done, so that what follows (validation) is not counted in their speed."""
        self._steps_ended = time.perf_counter()

    def abandon(self) -> None:
        """End the live line where it stands, so that what follows starts on a line of its own."""
        if self._drawn_width:
            self._write("\n")
            self._drawn_width = 0

    def _live_line(self, step: int, now: float, metrics: Mapping[str, Any]) -> str:
        columns = self._columns()
        essential = [self._label, self._counted(step)]
        extras = [self._bar(step), *self._rates(step, now), self._remaining(step, now)]
        shown = shown_metrics(metrics)
        # On a narrow terminal the metrics matter more than the speed, and the speed more than the bar.
        while [part for part in extras if part] and width(_GAP.join([*essential, *extras, *shown])) > columns:
            extras.pop(0)
        return cut(_GAP.join(part for part in [*essential, *extras, *shown] if part), columns)

    def _counted(self, step: int) -> str:
        return f"step {step}" if self._total is None else f"{step:>{len(str(self._total))}}/{self._total}"

    def _bar(self, step: int) -> str:
        if not self._total:
            return ""
        done = min(BAR_WIDTH, BAR_WIDTH * step // self._total)
        return self._fill * done + self._empty * (BAR_WIDTH - done)

    def _seconds_per_step(self, step: int, now: float) -> float | None:
        counted_from, since = self._first_step or (0, self._started)
        if step <= counted_from:
            counted_from, since = 0, self._started
        return (now - since) / (step - counted_from) if step > counted_from else None

    def _rates(self, step: int, now: float) -> list[str]:
        each = self._seconds_per_step(step, now)
        if not each:
            return []
        samples = [f"{self._batch_size / each:,.0f} samples/s"] if self._batch_size else []
        return [f"{duration(each)}/step", *samples]

    def _remaining(self, step: int, now: float) -> str:
        each = self._seconds_per_step(step, now)
        if each is None or self._total is None or step >= self._total:
            return ""
        minutes, seconds = divmod(round(each * (self._total - step)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"ETA {hours}:{minutes:02d}:{seconds:02d}" if hours else f"ETA {minutes}:{seconds:02d}"

    def _columns(self) -> int:
        return terminal_columns(self._stream)

    def _redraw(self, line: str) -> None:
        drawn = width(line)
        padding = " " * (min(self._drawn_width, self._columns()) - drawn)
        self._drawn_width = drawn
        self._write("\r" + line + padding)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class LoggedProgress(Progress):
    """Progress through Python's logging: one record an epoch.

    Args:
        total: number of steps, None where it is not known.
        label: what is under way.
        batch_size: rows in a step.
    """

    def __init__(self, total: int | None, label: str, batch_size: int | None = None) -> None:
        super().__init__(total, label, live=False, batch_size=batch_size)

    def _write(self, text: str) -> None:
        logger.info(text.rstrip("\n"))


def start_progress(
    total: int | None, label: str, verbose: int | str = "auto", batch_size: int | None = None
) -> Progress | None:
    """Begin to show progress in the way that suits where the output goes.

    Args:
        total: number of steps, None where it is not known.
        label: what is under way, such as `Epoch 1/5`.
        verbose: 0 shows nothing; 1 or `"auto"` a live line on a terminal and one line an epoch elsewhere; 2 one
            line an epoch everywhere.
        batch_size: rows in a step, for samples/s.

    Returns:
        The progress, or None for `verbose=0`.

    Example:
        >>> start_progress(10, "Epoch 1/1", verbose=0) is None
        True
    """
    if not verbose:
        return None
    if not settings.is_interactive_logging_enabled():
        return LoggedProgress(total, label, batch_size)
    return Progress(total, label, shows_live(verbose), batch_size)


def shows_live(verbose: int | str) -> bool:
    """Tell whether a line will be redrawn on standard output.

    Args:
        verbose: 0, 1, 2 or `"auto"`.

    Returns:
        True where progress wants to hear of every step.

    Example:
        >>> shows_live(0), shows_live(2)
        (False, False)
    """
    return verbose in (1, "auto") and settings.is_interactive_logging_enabled() and is_live(sys.stdout)


def shown_metrics(metrics: Mapping[str, Any]) -> list[str]:
    """Format metrics as `name: value`.

    Args:
        metrics: numbers or small arrays by name.

    Returns:
        One text for each.

    Example:
        >>> shown_metrics({"loss": 0.51234, "lr": 1e-5})
        ['loss: 0.5123', 'lr: 1.0000e-05']
    """
    return [f"{printable(str(name))}: {_shown_value(metrics[name])}" for name in metrics]


def _shown_value(value: Any) -> str:
    if hasattr(value, "ravel"):
        return "[" + ", ".join(_shown_value(item) for item in value.ravel()[:8].tolist()) + "]"
    if isinstance(value, float | int):
        tiny = 0 < abs(value) < 1e-3
        return f"{value:.4e}" if tiny or abs(value) >= 1e9 else f"{value:.4f}"
    return printable(str(value))


def duration(seconds: float) -> str:
    """Format a time with two or three digits that matter.

    Args:
        seconds: the time.

    Returns:
        The text, with its unit.

    Example:
        >>> duration(0.0123), duration(4.56), duration(75)
        ('12ms', '4.6s', '1m15s')
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f}us"
    if seconds < 1:
        return f"{seconds * 1e3:.0f}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s"


def printable(text: str) -> str:
    """Replace control characters, which a metric's name could otherwise smuggle into a terminal or a file.

    Args:
        text: any text.

    Returns:
        The text on one line.

    Example:
        >>> printable("loss\\n2")
        'loss?2'
    """
    return "".join("?" if unicodedata.category(character).startswith("C") else character for character in text)


def width(text: str) -> int:
    """Count the terminal columns that a text takes.

    Args:
        text: text without control characters.

    Returns:
        The number of columns; East Asian wide characters take two, combining marks none.

    Example:
        >>> width("loss"), width("精度")
        (4, 4)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def cut(text: str, columns: int) -> str:
    """Shorten a text to a number of terminal columns.

    Args:
        text: text without control characters.
        columns: how many it may take.

    Returns:
        The text, or as much of its beginning as fits.

    Example:
        >>> cut("accuracy", 3)
        'acc'
    """
    while width(text) > columns:
        text = text[:-1]
    return text


def folded(parts: list[str], columns: int) -> list[str]:
    """Lay parts out in lines, breaking between parts only.

    Args:
        parts: texts, none of which is broken; one that is too long is shortened.
        columns: how many columns a line may take.

    Returns:
        The lines; those after the first are indented.

    Example:
        >>> folded(["Epoch 1/1", "loss: 0.5000"], 15)
        ['Epoch 1/1', '  loss: 0.5000']
    """
    lines = [cut(parts[0], columns)]
    for part in parts[1:]:
        longer = lines[-1] + _GAP + part
        if width(longer) <= columns:
            lines[-1] = longer
        else:
            lines.append(cut(_GAP + part, columns))
    return lines


def _can_write(text: str, stream: TextIO) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
