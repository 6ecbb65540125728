"""A slow source is read by a thread, a quick one is not; what arrives is the same, and nothing is left behind.

What is slow is said by the tests, and threads wait for each other by events: no test depends on how fast it runs.
"""

import contextvars
import gc
import logging
import random
import threading
import traceback

import numpy as np
import pytest

import kmb_core
from kmb_core import config
from kmb_core.backend import current_backend
from kmb_core.backend.state import state
from kmb_core.data import read_ahead
from kmb_core.data.read_ahead import ReadAhead
from kmb_core.random import global_seed

NAME = "kmb-read-ahead"
LONG = 30  # seconds until a test is given up
UNTIL_AHEAD = 4  # batches that the calling thread reads first: two are timed, one is watched


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == NAME]
    config.set_read_ahead(2)


@pytest.fixture
def every_source_is_slow(monkeypatch):
    monkeypatch.setattr(read_ahead, "SLOW", 0.0)


slow = pytest.mark.usefixtures("every_source_is_slow")


def reader(**options):
    return ReadAhead(current_backend(), **options)


def numbers(count, readers=None):
    for number in range(count):
        if readers is not None:
            readers.append(threading.current_thread().name)
        yield number


def test_a_quick_source_is_read_by_the_thread_that_wants_it(monkeypatch):
    monkeypatch.setattr(read_ahead, "SLOW", float(LONG))
    readers = []
    assert list(reader().read(numbers(9, readers))) == list(range(9))
    assert set(readers) == {threading.current_thread().name}


@slow
def test_a_slow_source_is_read_by_a_thread_from_the_fifth_batch_on():
    readers = []
    assert list(reader().read(numbers(9, readers))) == list(range(9))
    assert readers == [threading.current_thread().name] * UNTIL_AHEAD + [NAME] * 5


@slow
@pytest.mark.parametrize("count", range(7))
def test_no_batch_is_lost_or_repeated_where_a_pass_ends(count):
    readers, again = [], reader()
    for _ in range(4):  # the source is timed over as many passes as it takes
        assert list(again.read(numbers(count, readers))) == list(range(count))
        again.close()
    assert (NAME in readers) == (count > 1)


@slow
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_as_many_batches_as_were_set_are_read_ahead_and_no_more(depth):
    config.set_read_ahead(depth)
    read, enough = [], threading.Event()

    def source():
        for number in range(40):
            read.append(number)
            if number == UNTIL_AHEAD + depth:  # the batch that is asked for, and `depth` further ones
                enough.set()
            yield number

    again = reader()
    batches = again.read(source())
    taken = [next(batches) for _ in range(UNTIL_AHEAD + 1)]
    assert enough.wait(LONG)
    for batch in batches:
        taken.append(batch)
        assert len(read) <= len(taken) + depth
        if len(taken) == 20:
            break
    again.close()
    assert taken == list(range(20))


@slow
def test_zero_reads_each_batch_when_it_is_due():
    config.set_read_ahead(0)
    readers = []
    for number, batch in enumerate(reader().read(numbers(9, readers))):
        assert batch == number == len(readers) - 1
    assert NAME not in readers


@slow
def test_a_reader_may_be_told_to_leave_a_source_alone():
    readers = []
    assert list(reader(allowed=False).read(numbers(9, readers))) == list(range(9))
    assert NAME not in readers


@pytest.mark.parametrize("wrong", [-1, 1.5, "2", None, True])
def test_how_many_batches_is_a_whole_number(wrong):
    with pytest.raises(ValueError, match="read_ahead: expected a whole number, 0 or more, got"):
        config.set_read_ahead(wrong)
    assert config.read_ahead() == 2


# Errors and ends ------------------------------------------------------------------------------------------------------


def failing(at, error):
    for number in range(20):
        if number == at:
            raise error
        yield number


@slow
@pytest.mark.parametrize("at", [0, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("error", [LookupError("no such file"), SystemExit(3), MemoryError()])
def test_an_error_arrives_where_its_batch_would_have_with_the_lines_that_raised_it(at, error):
    taken = []
    with pytest.raises(type(error)) as caught:
        taken.extend(reader().read(failing(at, error)))
    assert caught.value is error
    assert taken == list(range(at))
    assert "failing" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    notes = getattr(error, "__notes__", [])
    assert any("set_read_ahead(0)" in note for note in notes) == (at >= UNTIL_AHEAD)


@slow
def test_closing_ends_the_thread_in_the_midst_of_a_pass():
    again = reader()
    batches = again.read(numbers(40))
    taken = [next(batches) for _ in range(9)]
    assert NAME in [thread.name for thread in threading.enumerate()]
    again.close()
    again.close()
    assert taken == list(range(9))
    assert list(again.read(numbers(6))) == list(range(6))  # another pass may begin


@slow
def test_dropping_the_batches_ends_the_thread():
    batches = reader().read(numbers(40))
    for _ in range(9):
        next(batches)
    assert NAME in [thread.name for thread in threading.enumerate()]
    del batches
    gc.collect()


@slow
def test_a_source_that_hangs_is_left_alone_with_a_warning(monkeypatch, caplog):
    monkeypatch.setattr(read_ahead, "PATIENCE", 0.05)
    hangs, goes_on = threading.Event(), threading.Event()

    def source():
        yield from range(7)
        hangs.set()
        goes_on.wait(LONG)
        yield 7

    again = reader()
    batches = again.read(source())
    for _ in range(6):
        next(batches)
    assert hangs.wait(LONG)
    thread = next(thread for thread in threading.enumerate() if thread.name == NAME)
    with caplog.at_level(logging.WARNING, "kmb_core"):
        again.close()
    assert "the data are still being read" in caplog.text
    goes_on.set()
    thread.join(LONG)


@slow
def test_the_source_runs_in_the_surroundings_of_the_caller():
    language = contextvars.ContextVar("language", default="none")
    language.set("Rust")
    seen = set()

    def source():
        for _ in range(8):
            seen.add((threading.current_thread().name, language.get(), current_backend(), state.device))
            yield None

    with kmb_core.backend.use_backend(current_backend()), kmb_core.device("cpu:0"):
        list(reader().read(source()))
    assert seen == {(name, "Rust", current_backend(), "cpu:0") for name in (threading.current_thread().name, NAME)}


# Random states --------------------------------------------------------------------------------------------------------


DRAWS = {"python": random.random, "numpy": np.random.random, "seed": global_seed.fresh_key}


@slow
@pytest.mark.parametrize("name", DRAWS)
def test_a_source_that_draws_from_what_the_steps_draw_from_is_not_read_ahead(name):
    kmb_core.utils.set_random_seed(1)
    readers = []

    def source():
        for number in numbers(12, readers):
            DRAWS[name]()
            yield number

    for _ in reader().read(source()):
        DRAWS[name]()
    assert NAME not in readers


@slow
@pytest.mark.parametrize("together", [2, 3, 4])
def test_steps_that_are_executed_together_are_watched_until_one_is(together):
    readers = []

    def source():
        for number in numbers(40, readers):
            np.random.random()
            yield number

    for number in reader(together=together).read(source()):
        if number % together == together - 1:
            np.random.random()
    assert NAME not in readers


@slow
@pytest.mark.parametrize("name", ["python", "numpy"])
@pytest.mark.parametrize("every", [1, 3])
def test_the_states_are_those_after_the_batch_that_was_given_last(name, every):
    def source():
        for number in range(20):
            if number % every == every - 1:
                DRAWS[name]()
            yield number, left()

    def left():
        return random.getstate()[1] if name == "python" else np.random.get_state()[1:3]

    other = "python" if name == "numpy" else "numpy"
    again = reader()
    again.notes = True
    for number, after in again.read(source()):
        found = again.states()
        assert other not in found  # which the steps draw from
        if name in found:
            given = found[name][1] if name == "python" else found[name][1:3]
            np.testing.assert_array_equal(np.hstack(given), np.hstack(after))
        assert name in found or number < UNTIL_AHEAD + every
        DRAWS[other]()
    assert again.states() == {}
