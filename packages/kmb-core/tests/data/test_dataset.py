"""`PyDataset`: order, prefetching by threads and processes, and what happens when a worker fails."""

import threading
import time
import traceback
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from kmb_core.data import PyDataset, make_adapter
from kmb_core.data.prefetch import Prefetcher, WorkerError


class Squares(PyDataset):
    def __init__(self, length=6, **options):
        super().__init__(**options)
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return np.array([index * index]), np.array([index])


def indices(adapter):
    return [int(batch[1][0]) for batch in adapter.batches()]


@pytest.mark.parametrize("options", [{}, {"workers": 0}, {"workers": 3}, {"workers": 2, "max_queue_size": 1}])
def test_batches_come_in_order_however_many_threads_fetch_them(options):
    adapter = make_adapter(Squares(20, **options))
    assert adapter.num_batches == 20
    assert indices(adapter) == list(range(20))
    assert indices(adapter) == list(range(20))
    adapter.close()


def test_slow_batches_do_not_overtake():
    class Uneven(Squares):
        def __getitem__(self, index):
            time.sleep(0.02 if index % 2 == 0 else 0)
            return super().__getitem__(index)

    assert indices(make_adapter(Uneven(8, workers=4))) == list(range(8))


@pytest.mark.parametrize("workers", [1, 3])
def test_shuffling_permutes_the_batches_anew_each_epoch(workers):
    adapter = make_adapter(Squares(30, workers=workers), shuffle=True, seed=1)
    first, second = indices(adapter), indices(adapter)
    assert sorted(first) == sorted(second) == list(range(30))
    assert first != second
    assert indices(make_adapter(Squares(30), shuffle=True, seed=1)) == first


def test_no_more_batches_are_fetched_ahead_than_allowed():
    fetched = []

    class Recorded(Squares):
        def __getitem__(self, index):
            fetched.append(index)
            return super().__getitem__(index)

    iterator = make_adapter(Recorded(50, workers=2, max_queue_size=4)).batches()
    next(iterator)
    time.sleep(0.2)
    assert len(fetched) == 5
    iterator.close()
    time.sleep(0.05)
    assert len(fetched) == 5


def test_an_endless_dataset_is_cut_by_steps():
    class Endless(PyDataset):
        def __getitem__(self, index):
            return (np.array([index]), np.array([index]))

    adapter = make_adapter(Endless(workers=2), steps=3)
    assert [indices(adapter), indices(adapter)] == [[0, 1, 2], [3, 4, 5]]
    adapter.close()


def test_a_subclass_need_not_call_the_constructor():
    class Bare(PyDataset):
        def __init__(self):
            self.values = [1, 2]

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (self.values[index],)

    dataset = Bare()
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (1, False, 10)
    assert list(make_adapter(dataset).batches()) == [(1,), (2,)]


def test_epoch_methods_run_and_may_change_the_length():
    class Growing(Squares):
        def on_epoch_end(self):
            self.length += 1

    adapter = make_adapter(Growing(2))
    adapter.on_epoch_begin()
    assert indices(adapter) == [0, 1]
    adapter.on_epoch_end()
    assert adapter.num_batches == 3
    assert indices(adapter) == [0, 1, 2]


def test_a_dataset_of_no_batches_is_refused():
    with pytest.raises(ValueError, match="has 0 batches"):
        make_adapter(Squares(0))


def test_an_error_in_a_thread_arrives_with_its_traceback_and_the_batch():
    class Failing(Squares):
        def __getitem__(self, index):
            return self.broken_place(index)

        def broken_place(self, index):
            if index == 3:
                raise LookupError("row 3 is damaged")
            return super().__getitem__(index)

    adapter = make_adapter(Failing(6, workers=2))
    with pytest.raises(LookupError, match="row 3 is damaged") as caught:
        indices(adapter)
    shown = "".join(traceback.format_exception(caught.value))
    assert "broken_place" in shown
    assert "batch 3 of Failing" in shown
    adapter.close()


def test_a_batch_that_is_no_tuple_names_the_dataset():
    class Wrong(Squares):
        def __getitem__(self, index):
            return [1, 2]

    with pytest.raises(ValueError, match="Wrong must be a tuple"):
        indices(make_adapter(Wrong()))


def test_closing_ends_the_threads():
    before = set(threading.enumerate())
    adapter = make_adapter(Squares(6, workers=3))
    indices(adapter)
    started = [thread for thread in threading.enumerate() if thread not in before]
    assert started
    adapter.close()
    for thread in started:
        thread.join(timeout=5)
    assert not any(thread.is_alive() for thread in started)


def test_an_adapter_that_was_closed_can_be_read_again():
    adapter = make_adapter(Squares(4, workers=2))
    assert indices(adapter) == [0, 1, 2, 3]
    adapter.close()
    assert indices(adapter) == [0, 1, 2, 3]
    adapter.close()


SPAWNED = """
import os
import numpy as np
from kmb_core.data import PyDataset

class Odd(Exception):
    def __init__(self, first, second):
        super().__init__("cannot be rebuilt from its message")

class Batches(PyDataset):
    def __init__(self, fault=None):
        super().__init__(workers=2, use_multiprocessing=True, max_queue_size=3)
        self.fault = fault
        self.offset = 0

    def __len__(self):
        return 5

    def __getitem__(self, index):
        if index == 3 and self.fault == "error":
            raise LookupError("row 3 is damaged")
        if index == 3 and self.fault == "odd error":
            raise Odd(1, 2)
        if index == 3 and self.fault == "death":
            os._exit(1)
        return np.array([os.getpid()]), np.array([index + self.offset])

class Moving(Batches):
    def on_epoch_end(self):
        self.offset += 10
"""


@pytest.fixture
def spawned(tmp_path, monkeypatch):
    (tmp_path / "spawned_batches.py").write_text(SPAWNED)
    monkeypatch.syspath_prepend(tmp_path)
    import spawned_batches

    return spawned_batches


def test_processes_keep_the_order_and_see_changes_between_epochs(spawned):
    import os

    adapter = make_adapter(spawned.Moving())
    first = list(adapter.batches())
    adapter.on_epoch_end()
    second = list(adapter.batches())
    adapter.close()
    assert os.getpid() not in {int(batch[0][0]) for batch in first}
    assert [int(batch[1][0]) for batch in first] == [0, 1, 2, 3, 4]
    assert [int(batch[1][0]) for batch in second] == [10, 11, 12, 13, 14]


def test_an_error_in_a_process_arrives_with_its_traceback(spawned):
    adapter = make_adapter(spawned.Batches("error"))
    with pytest.raises(LookupError, match="row 3") as caught:
        list(adapter.batches())
    shown = "".join(traceback.format_exception(caught.value))
    assert "spawned_batches.py" in shown
    assert "batch 3 of Batches" in shown
    adapter.close()


def test_an_error_that_cannot_be_pickled_arrives_as_text(spawned):
    adapter = make_adapter(spawned.Batches("odd error"))
    with pytest.raises(WorkerError, match="Odd in a worker process: cannot be rebuilt") as caught:
        list(adapter.batches())
    assert "spawned_batches.py" in str(caught.value)
    adapter.close()


def test_a_dataset_may_change_while_steps_run_over_its_end(spawned):
    adapter = make_adapter(spawned.Moving(), steps=4)
    first = indices(adapter)
    adapter.on_epoch_end()
    with pytest.warns(UserWarning, match="the data gave 1"):
        second = indices(adapter)
    assert first == [0, 1, 2, 3]
    assert second == [4]
    adapter.on_epoch_end()
    assert indices(adapter) == [20, 21, 22, 23]
    adapter.close()


def test_a_process_that_dies_is_noticed(spawned):
    adapter = make_adapter(spawned.Batches("death"))
    with pytest.raises(WorkerError, match="died before batch"):
        list(adapter.batches())
    adapter.close()


def test_a_pool_that_is_broken_before_a_batch_is_asked_for_says_the_same(spawned, monkeypatch):
    class Broken:
        def submit(self, *args):
            raise BrokenProcessPool("a child process terminated abruptly")

        def shutdown(self, **options):
            pass

    monkeypatch.setattr(Prefetcher, "_start", lambda self: Broken())
    with pytest.raises(WorkerError, match="died before batch 0"):
        list(make_adapter(spawned.Batches("death")).batches())


def test_a_dataset_that_cannot_be_pickled_is_refused_by_name():
    dataset = Squares(3, workers=2, use_multiprocessing=True)
    dataset.function = lambda: 0
    with pytest.raises(WorkerError, match="Squares cannot be sent"):
        list(make_adapter(dataset).batches())


def test_worker_threads_start_from_the_process_default_backend(monkeypatch):
    from kmb_core.backend.state import state

    monkeypatch.setattr(state, "override", "the backend of this thread's scope")
    seen = []

    class Looking(Squares):
        def __getitem__(self, index):
            seen.append(state.override)
            return super().__getitem__(index)

    adapter = make_adapter(Looking(4, workers=2))
    assert indices(adapter) == [0, 1, 2, 3]
    adapter.close()
    assert seen == [None] * 4
