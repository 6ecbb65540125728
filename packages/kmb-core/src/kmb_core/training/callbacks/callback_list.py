"""The callbacks of one call, as one.

Which callbacks want to hear of batches is worked out when the list is made and when a phase begins; a batch then
calls those and nothing else. With `History` and a silent progress bar that is one empty loop.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kmb_core.errors import StructureError, message
from kmb_core.training.callbacks.callback import Callback, LogValues
from kmb_core.training.callbacks.history import History
from kmb_core.training.callbacks.progbar_logger import ProgbarLogger

Hook = Callable[[int, LogValues], None]

_BATCH_HOOKS = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class CallbackList(Callback):
    """Calls several callbacks in order.

    Args:
        callbacks: a callback, callbacks in any nesting of lists, or None.
        add_history: True to add a `History` where there is none.
        add_progbar: True to add a `ProgbarLogger` where there is none.
        model: the model that the callbacks get to see.
        **params: given to the callbacks: `verbose`, `epochs`, `steps`, `batch_size`.

    Example:
        >>> seen = CallbackList([Callback()], add_history=True, epochs=2)
        >>> [type(callback).__name__ for callback in seen.callbacks]
        ['Callback', 'History']
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Callback] = _flattened(callbacks)
        self._history = self._present(History, add_history)
        self._progbar = self._present(ProgbarLogger, add_progbar)
        self.callbacks.sort(key=lambda callback: getattr(callback, "_runs_last", False))
        self.params = params
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)
        self._collect_hooks()

    def _present(self, kind: type[Callback], add: bool) -> Any:
        found = next((callback for callback in self.callbacks if isinstance(callback, kind)), None)
        if found is None and add:
            found = kind()
            self.callbacks.append(found)
        return found

    def _collect_hooks(self) -> None:
        self._hooks = {name: _hooks(self.callbacks, name) for name in _BATCH_HOOKS}
        self._train_begin = self._hooks["on_train_batch_begin"]
        self._train_end = self._hooks["on_train_batch_end"]

    def wants(self, hook: str) -> bool:
        """Tell whether any callback has something to do at a moment of each batch.

        Args:
            hook: `"on_train_batch_end"` and the like.

        Returns:
            False where the loop need not even prepare logs.

        Example:
            >>> CallbackList(add_history=True).wants("on_train_batch_end")
            False
        """
        return bool(self._hooks[hook])

    def append(self, callback: Callback) -> None:
        """Add a callback at the end.

        Args:
            callback: the callback; it gets the model and the parameters at once.
        """
        self.callbacks.append(callback)
        callback.set_params(self.params or {})
        if self.model is not None:
            callback.set_model(self.model)
        self._collect_hooks()

    def set_params(self, params: Any) -> None:
        """Give all callbacks the parameters of the call under way.

        Args:
            params: `verbose`, `epochs`, `steps` and the like.
        """
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
        self._collect_hooks()

    def set_model(self, model: Any) -> None:
        """Give all callbacks the model, and the model its history.

        Args:
            model: the model.
        """
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_position(self, position: Any) -> None:
        """Give the callbacks that store a whole run the place in its data, and all callbacks.

        Args:
            position: the `Position` of `fit`.
        """
        for callback in self.callbacks:
            join = getattr(callback, "_join_run", None)
            if join is not None:
                position.note()
                join(position, self.callbacks)

    def leave_run(self) -> None:
        """Tell the callbacks that changed something outside of the training that it ends, well or not."""
        for callback in self.callbacks:
            leave = getattr(callback, "_leave_run", None)
            if leave is not None:
                leave()

    def on_train_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks that define it."""
        for hook in self._train_begin:
            hook(batch, logs)

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks that define it."""
        for hook in self._train_end:
            hook(batch, logs)

    def on_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks of training batches."""
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks of training batches."""
        self.on_train_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks that define it."""
        for hook in self._hooks["on_test_batch_begin"]:
            hook(batch, logs)

    def on_test_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks that define it."""
        for hook in self._hooks["on_test_batch_end"]:
            hook(batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks that define it."""
        for hook in self._hooks["on_predict_batch_begin"]:
            hook(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Pass on to the callbacks that define it."""
        for hook in self._hooks["on_predict_batch_end"]:
            hook(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        self._begin("on_train_begin", logs)

    def on_test_begin(self, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        self._begin("on_test_begin", logs)

    def on_predict_begin(self, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        self._begin("on_predict_begin", logs)

    def _begin(self, name: str, logs: LogValues) -> None:
        for callback in self.callbacks:
            getattr(callback, name)(logs)
        # A callback may have been given a method, or may know only now whether it has anything to draw.
        self._collect_hooks()

    def on_train_end(self, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def on_test_end(self, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        for callback in self.callbacks:
            callback.on_test_end(logs)

    def on_predict_end(self, logs: LogValues = None) -> None:
        """Pass on to all callbacks."""
        for callback in self.callbacks:
            callback.on_predict_end(logs)


def _flattened(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    if not isinstance(callbacks, list | tuple):
        if isinstance(callbacks, type) or not hasattr(callbacks, "set_model"):
            what = f"callbacks: expected a Callback or a list of them, got {callbacks!r:.60}"
            raise StructureError(message(what, "A class was given without calling it, or another object.", None))
        return [callbacks]
    return [inner for callback in callbacks for inner in _flattened(callback)]


def _hooks(callbacks: Iterable[Callback], name: str) -> tuple[Hook, ...]:
    found = (_own_hook(callback, name) for callback in callbacks if getattr(callback, "_watches_batches", True))
    return tuple(hook for hook in found if hook is not None)


def _own_hook(callback: Callback, name: str) -> Hook | None:
    for candidate in (name, name.replace("train_", "")):
        method = getattr(callback, candidate)
        if getattr(method, "__func__", method) is not getattr(Callback, candidate):
            return method
    return None
