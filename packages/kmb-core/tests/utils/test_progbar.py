"""Progbar, looked at as what reaches a file or a terminal."""

import contextlib
import io
import logging

import pytest

from kmb_core import config
from kmb_core.utils import Progbar


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return Screen()


def run(bar, screen=None, losses=(1.0, 2.0, 6.0)):
    with contextlib.redirect_stdout(screen) if screen else contextlib.nullcontext():
        for loss in losses:
            bar.add(1, [("loss", loss)])


def test_into_a_file_goes_one_line_at_the_end(capsys):
    run(Progbar(3))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("3/3  ")
    assert line.endswith("loss: 6.0000")


def test_values_named_stateless_are_averaged_over_the_steps(capsys):
    bar = Progbar(4, stateless_metrics=["loss"])
    bar.update(1, [("loss", 1.0)])
    bar.update(4, [("loss", 5.0)])  # three steps of 5
    assert "loss: 4.0000" in capsys.readouterr().out


def test_a_terminal_gets_a_line_that_is_redrawn(screen):
    run(Progbar(3, interval=0), screen)
    frames = screen.getvalue().split("\r")
    assert [frame.strip()[:3] for frame in frames[1:]] == ["1/3", "2/3", "3/3"]
    assert frames[-1].endswith("\n")
    assert "━" * 20 in frames[-1]


def test_a_shorter_line_covers_the_longer_one_before(screen):
    bar = Progbar(2, interval=0)
    with contextlib.redirect_stdout(screen):
        bar.update(1, [("a_long_name", "x" * 20)])
        bar.update(2, [("a_long_name", "")])
    first, second = screen.getvalue().split("\r")[1:]
    assert len(second.rstrip("\n")) >= len(first)


def test_redraws_wait_for_the_interval(screen):
    run(Progbar(3, interval=100), screen)
    assert screen.getvalue().count("\r") == 2  # the first and the last


def test_verbose_2_writes_the_end_only_and_0_nothing(screen):
    run(Progbar(3, verbose=2), screen)
    assert screen.getvalue().count("\r") == 0
    assert screen.getvalue().count("\n") == 1
    run(Progbar(3, verbose=0), screen)
    assert screen.getvalue().count("\n") == 1


def test_without_a_target_the_end_is_told(capsys):
    bar = Progbar(None, unit_name="batch")
    bar.update(5)
    assert capsys.readouterr().out == ""
    bar.update(6, [("loss", 0.5)], finalize=True)
    out = capsys.readouterr().out
    assert "6/Unknown" in out
    assert "/batch" in out


def test_with_logging_in_place_of_output_it_is_a_record(capsys, caplog):
    config.disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, "kmb_core"):
            run(Progbar(3))
    finally:
        config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert "3/3" in caplog.text


def test_nothing_is_hidden_by_a_bar_of_no_width(screen):
    run(Progbar(3, width=0, interval=0), screen)
    assert "━" not in screen.getvalue()
