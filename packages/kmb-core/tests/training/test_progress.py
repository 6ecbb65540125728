"""Progress, looked at as the bytes that reach a terminal, a pipe or a file."""

import fcntl
import io
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

import pytest

from kmb_core import config
from kmb_core.training.callbacks import CallbackList
from kmb_core.training.logs import Logs
from kmb_core.training.progress import Progress, duration, folded, printable, shown_metrics, start_progress, width


class Terminal:
    """A pseudo-terminal of a given width, with what was written to it."""

    def __init__(self, columns, encoding="utf-8"):
        self.reader, writer = pty.openpty()
        fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.stream = os.fdopen(writer, "w", encoding=encoding)

    def read(self):
        self.stream.flush()
        os.set_blocking(self.reader, False)
        received = b""
        try:
            while chunk := os.read(self.reader, 65536):
                received += chunk
        except BlockingIOError:
            pass
        return received.decode().replace("\r\n", "\n")

    def close(self):
        self.stream.close()
        os.close(self.reader)


@pytest.fixture
def terminal(monkeypatch):
    opened = []

    def make(columns, encoding="utf-8"):
        monkeypatch.setenv("TERM", "xterm")
        opened.append(Terminal(columns, encoding))
        monkeypatch.setattr(sys, "stdout", opened[-1].stream)
        return opened[-1]

    yield make
    monkeypatch.undo()
    for each in opened:
        each.close()


def fit(verbose, steps=5, reported="same", epochs=1, pause=0.0, logs=None, **params):
    target = steps if reported == "same" else reported
    callbacks = CallbackList(add_progbar=True, model=None, verbose=verbose, epochs=epochs, steps=target, **params)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for step in range(steps):
            time.sleep(pause)
            callbacks.on_train_batch_begin(step)
            callbacks.on_train_batch_end(step, Logs(logs or {"loss": 0.5}))
        callbacks.on_epoch_end(epoch, Logs({"loss": 0.25, "val_loss": 0.5}))
    callbacks.on_train_end()


def drawings(text):
    return [line for line in re.split(r"[\r\n]", text) if line]


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_a_pipe_gets_one_line_an_epoch_without_control_characters(verbose, capsys):
    fit(verbose, epochs=3)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert all(line.endswith("loss: 0.2500  val_loss: 0.5000") for line in lines)
    assert all("5/5" in line for line in lines)
    assert all(character.isprintable() for character in out.replace("\n", ""))


def test_silence_is_silent(capsys, terminal):
    screen = terminal(80)
    fit(0)
    assert screen.read() == ""


def test_an_unknown_number_of_steps_is_counted(capsys):
    fit(1, steps=7, reported=None)
    assert "step 7" in capsys.readouterr().out


def test_a_terminal_gets_one_line_that_is_redrawn(terminal):
    screen = terminal(120)
    fit("auto", steps=6, pause=0.06, batch_size=32)
    text = screen.read()
    assert text.count("\n") == 1
    assert text.count("\r") >= 3
    first, *_, last = drawings(text)
    assert first.startswith("Epoch 1/1  1/6")
    assert "━" in text
    assert "samples/s" in text
    assert "ETA 0:00" in text
    assert "loss: 0.5000" in text
    assert last.rstrip().endswith("loss: 0.2500  val_loss: 0.5000")
    assert "\x1b" not in text


def test_it_is_redrawn_at_most_ten_times_a_second(terminal):
    screen = terminal(120)
    started = time.perf_counter()
    fit(1, steps=400, pause=0.001)
    seconds = time.perf_counter() - started
    assert screen.read().count("\r") <= seconds * 10 + 2


def test_logs_are_read_only_when_they_are_drawn(terminal):
    terminal(120)
    read = []

    def source():
        read.append(1)
        return {"loss": 1.0}

    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=1000)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    started = time.perf_counter()
    for step in range(1000):
        callbacks.on_train_batch_end(step, Logs(source))
    assert len(read) <= (time.perf_counter() - started) * 10 + 1


@pytest.mark.parametrize("columns", [1, 5, 20, 40, 60])
def test_on_a_narrow_terminal_nothing_wraps(terminal, columns):
    screen = terminal(columns)
    fit(1, steps=4, pause=0.06, epochs=2, batch_size=8, logs={"loss": 1.0, "accuracy": 0.5, "精度": 0.25})
    for line in drawings(screen.read()):
        assert width(line) <= max(1, columns - 1)


def test_twenty_columns_still_show_epoch_step_and_the_final_metrics(terminal):
    screen = terminal(20)
    fit(1, steps=3)
    text = screen.read()
    assert "Epoch 1/1  3/3" in text
    assert "  loss: 0.2500" in text
    assert "  val_loss: 0.5000" in text


def test_a_shorter_line_covers_the_longer_one_before(terminal):
    screen = terminal(80)
    progress = Progress(2, "Epoch 1/1", live=True, stream=screen.stream)
    progress.update(1, {"a_metric_of_a_long_name": 1.0})
    progress.finish(2, {})
    long, short = drawings(screen.read())
    assert len(short) == len(long)


def test_an_epoch_that_was_cut_off_leaves_the_cursor_on_a_new_line(terminal):
    screen = terminal(80)
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=2, steps=5)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_train_batch_end(0, {})
    callbacks.on_train_end()
    assert screen.read().endswith("\n")


def test_a_terminal_without_the_characters_of_the_bar_gets_plain_ones(terminal):
    screen = terminal(100, encoding="ascii")
    fit(1, steps=4, pause=0.06)
    assert "=====" in screen.read()


def test_a_dumb_terminal_gets_one_line_an_epoch(terminal, monkeypatch):
    screen = terminal(80)
    monkeypatch.setenv("TERM", "dumb")
    fit(1)
    assert screen.read().count("\r") == 0


def test_evaluation_inside_fit_is_not_shown_on_its_own(capsys):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=2)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_test_begin()
    callbacks.on_test_batch_end(0, {"loss": 1})
    callbacks.on_test_end({"loss": 1})
    assert capsys.readouterr().out == ""


def test_validation_does_not_count_in_the_speed_of_the_steps(capsys):
    callbacks = CallbackList(add_progbar=True, verbose=2, epochs=1, steps=1000)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_test_begin()
    time.sleep(0.2)
    callbacks.on_test_end({})
    callbacks.on_epoch_end(0, {})
    _, _, total, step = capsys.readouterr().out.split("  ")
    assert total.endswith("ms")
    assert step.endswith("us/step\n")


def test_on_eighty_columns_the_speed_gives_way_to_the_metrics(terminal):
    screen = terminal(80)
    progress = Progress(9, "Epoch 1/1", live=True, batch_size=32, stream=screen.stream)
    progress.finish(9, {"loss": 0.25, "accuracy": 0.5, "val_loss": 0.125})
    assert re.fullmatch(r"\rEpoch 1/1  9/9  \w+  loss: 0\.2500  accuracy: 0\.5000  val_loss: 0\.1250\n", screen.read())


@pytest.mark.parametrize(("phase", "label"), [("test", "Evaluate"), ("predict", "Predict")])
def test_evaluate_and_predict_have_a_line_of_their_own(phase, label, capsys):
    callbacks = CallbackList(add_progbar=True, verbose=2, steps=2)
    getattr(callbacks, f"on_{phase}_begin")()
    getattr(callbacks, f"on_{phase}_batch_end")(1, {"outputs": [1, 2]})
    getattr(callbacks, f"on_{phase}_end")({"loss": 0.5} if phase == "test" else {"outputs": [1, 2]})
    out = capsys.readouterr().out
    assert out.startswith(f"{label}  2/2")
    assert "outputs" not in out


def test_without_interactive_logging_epochs_are_log_records(terminal, caplog):
    screen = terminal(80)
    config.disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, logger="kmb_core"):
            fit(1, epochs=2)
    finally:
        config.enable_interactive_logging()
    assert screen.read() == ""
    assert [record.message.split("  ")[0] for record in caplog.records] == ["Epoch 1/2", "Epoch 2/2"]


def test_names_of_metrics_cannot_bring_control_characters(capsys):
    progress = start_progress(1, "Epoch 1/1", verbose=1)
    progress.finish(1, {"loss\x1b[31m\r\n": 1.0})
    assert all(character.isprintable() for character in capsys.readouterr().out.rstrip("\n"))


def test_a_closed_or_odd_stream_is_no_terminal():
    class Odd(io.StringIO):
        encoding = "no such codec"

        def isatty(self):
            raise ValueError("closed")

    out = Odd()
    Progress(None, "Epoch 1/1", live=False, stream=out).finish(3, {"loss": 1})
    assert "step 3" in out.getvalue()


def test_values_are_short_whatever_they_are():
    import numpy as np

    values = {"a": 0.0, "b": -1e-9, "c": 123456789012.0, "d": float("nan"), "e": np.array([0.5, 0.25]), "f": "text"}
    assert shown_metrics(values) == [
        "a: 0.0000",
        "b: -1.0000e-09",
        "c: 1.2346e+11",
        "d: nan",
        "e: [0.5000, 0.2500]",
        "f: text",
    ]


def test_times_are_short():
    assert [duration(seconds) for seconds in (2e-6, 0.25, 59.0, 61, 7300)] == [
        "2us",
        "250ms",
        "59.0s",
        "1m01s",
        "2h01m",
    ]


def test_lines_break_between_parts():
    assert folded(["a" * 9, "bb", "c" * 9], 7) == ["a" * 7, "  bb", "  ccccc"]
    assert printable("a\tb") == "a?b"


def test_rich_is_not_imported():
    code = (
        "import sys, kmb_core.training.progress as p; p.Progress(1, 'x', True).finish(1); print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")
