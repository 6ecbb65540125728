"""Batches fetched ahead by threads or processes, handed out in order.

The standard library's executors do the hard parts: an error in a worker arrives with the worker's traceback, the
death of a process is noticed, and nothing waits for ever. What is added is the order and the bound. Processes are
started with `spawn`: forking a process in which a framework's threads run can deadlock.

Threads start without a backend scope of their own, so what they call runs on the process' default backend.
"""

import copy
import pickle
import traceback
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from kmb_core.errors import KmbError, message


class WorkerError(KmbError, RuntimeError):
    """A worker process ended before it gave its batch."""


class _Spawning(SpawnContext):
    """Makes processes, and remembers them.

    A pool that starts workers when it needs them may start one at the moment in which it notices the death of another
    and ends the rest: that one would wait for work for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:
        """A process that is not started yet."""
        self.started.append(SpawnProcess(*args, **kwargs))
        return self.started[-1]

    def terminate(self) -> None:
        """End those that run."""
        for process in self.started:
            if process.is_alive():
                process.terminate()


class Prefetcher:
    """Calls `source[index]` in workers, a bounded number of indices ahead.

    Args:
        source: an object with `__getitem__`.
        workers: number of threads or processes.
        use_processes: True for processes; the source is then pickled once for each.
        ahead: how many batches may be under way or wait to be taken.

    Raises:
        WorkerError: where the source cannot be sent to processes.
    """

    def __init__(self, source: Any, workers: int, use_processes: bool, ahead: int) -> None:
        self._source = source
        self._workers = workers
        self._ahead = max(1, ahead)
        self._use_processes = use_processes
        self._executor: Executor | None = None
        self._context = _Spawning()

    def fetch(self, indices: Iterator[int]) -> Generator[Any, None, None]:
        """Give `source[index]` for each index, in the order of the indices.

        Args:
            indices: batch numbers; may be endless.

        Returns:
            An iterator; closing it drops what was fetched ahead.

        Raises:
            WorkerError: where a process died. An error of `__getitem__` itself is raised as it was.
        """
        waiting: deque[tuple[int, Future]] = deque()
        try:
            waiting.extend((index, self._submit(index)) for index in islice(indices, self._ahead))
            while waiting:
                index, future = waiting.popleft()
                batch = self._result(index, future)
                waiting.extend((following, self._submit(following)) for following in islice(indices, 1))
                yield batch
        finally:
            for _, future in waiting:
                future.cancel()

    def _submit(self, index: int) -> Future:
        # Asked for anew at each index: `renew` may have put another executor in place.
        if self._executor is None:
            self._executor = self._start()
        if not self._use_processes:
            return self._executor.submit(self._source.__getitem__, index)
        try:
            return self._executor.submit(_read_source, index)
        except BrokenProcessPool as error:  # the pool may know of a death before the batch that waits for it does
            raise self._died(index) from error

    def _start(self) -> Executor:
        if not self._use_processes:
            return ThreadPoolExecutor(self._workers, thread_name_prefix="kmb-prefetch")
        self._context = _Spawning()
        return ProcessPoolExecutor(
            self._workers,
            mp_context=self._context,
            initializer=_keep_source,
            initargs=(self._pickled(),),
        )

    def _pickled(self) -> bytes:
        try:
            return bytes(ForkingPickler.dumps(self._source))
        except Exception as error:  # pickling runs the user's own code: any error is possible
            raise WorkerError(
                message(
                    f"{type(self._source).__name__} cannot be sent to worker processes: {error}",
                    "It holds something that cannot be pickled: a lambda, an open file, a lock.",
                    "Open such things in __getitem__, or set use_multiprocessing=False.",
                )
            ) from error

    def _result(self, index: int, future: Future) -> Any:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise self._died(index) from error
        except Exception as error:
            error.add_note(f"While reading batch {index} of {type(self._source).__name__} in a worker.")
            raise

    def _died(self, index: int) -> WorkerError:
        self.close()
        self._context.terminate()
        return WorkerError(
            message(
                f"A worker process of {type(self._source).__name__} died before batch {index} was ready.",
                'It was killed (out of memory?), or the script lacks `if __name__ == "__main__":`, '
                "which spawned processes need.",
                "Set use_multiprocessing=False to see whether __getitem__ itself fails.",
            )
        )

    def renew(self) -> None:
        """Send the source anew to the processes at the next fetch; threads see it as it is."""
        if self._use_processes and self._executor is not None:
            self._executor.shutdown(wait=False)  # what was asked for already is still delivered
            self._executor = None

    def close(self) -> None:
        """End the workers; batches that nobody took are dropped."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)


_kept: dict[str, Any] = {}


def _keep_source(payload: bytes) -> None:
    # Runs first in each worker process. An error is kept and raised with the first batch: raised here, it would only
    # show as a dead pool.
    try:
        _kept["source"] = pickle.loads(payload)  # noqa: S301 - written by our own parent process a moment ago
    except Exception as error:
        _kept["error"] = error


def _read_source(index: int) -> Any:
    if "error" in _kept:
        raise _kept["error"]
    try:
        return _kept["source"][index]
    except Exception as error:
        if _can_travel(error):
            raise
        raise WorkerError(f"{type(error).__name__} in a worker process: {error}\n{traceback.format_exc()}") from None


def _can_travel(error: Exception) -> bool:
    # An error whose constructor wants other arguments cannot be rebuilt in the parent, and would break the pool there.
    try:
        copy.copy(error)
        ForkingPickler.dumps(error)
    except Exception:  # whatever the user's class raises, the answer is no
        return False
    return True
