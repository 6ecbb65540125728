"""SIGTERM while a training is under way: noted, so that the step under way is finished and saved.

This is how schedulers (Kubernetes, Slurm, systemd, cloud machines that are taken back) tell a process that it has some
seconds left.
"""

import signal
import threading
from types import FrameType
from typing import Any

EXIT_STATUS = 128 + 15  # what a shell shows for a process that SIGTERM has ended


class Termination:
    """Whether SIGTERM has come since `watch`.

    Signals reach the main thread alone, and one that the process ignores is not its business: elsewhere nothing is
    watched.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: Any = None
        self._watching = False

    def watch(self) -> None:
        """Note SIGTERM from here on instead of ending at once."""
        self.requested = False
        if self._watching or threading.current_thread() is not threading.main_thread():
            return
        before = signal.getsignal(signal.SIGTERM)
        if before is None or before == signal.SIG_IGN:  # None: set by other code than Python's, which has its reasons
            return
        self._before, self._watching = before, True
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.requested = True

    def unwatch(self) -> None:
        """SIGTERM does again what it did before."""
        if self._watching:
            self._watching = False
            signal.signal(signal.SIGTERM, self._before)

    def obey(self) -> None:
        """End the process: what SIGTERM did before is done, and the exit status is 143.

        Raises:
            SystemExit: always.
        """
        self.unwatch()
        self.requested = False
        if callable(self._before):
            self._before(signal.SIGTERM, None)
        raise SystemExit(EXIT_STATUS)
