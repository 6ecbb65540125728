"""Measured: a model's metrics, listed once for a loop or for the calls between two compiles.

Listing them walks all layers and their attributes. A loop over batches, and `train_on_batch` called in a loop of the
user's, need the same list at every step.
"""

from collections.abc import Callable
from typing import Any

from kmb_core.backend import Variable
from kmb_core.metrics.metric import Metric


class Measured:
    """The metrics of a model as they are now.

    Args:
        model: a compiled model. What its class does itself (`metrics`, `reset_metrics`, `get_metrics_result`
            overridden) is asked anew each time.
    """

    __slots__ = ("_log_names", "metrics", "model", "own_reset", "own_results", "resetting", "variables")

    def __init__(self, model: Any) -> None:
        self.model = model
        self.metrics: list[Any] = model.metrics
        changing = model._overrides("metrics")
        self.own_reset = changing or model._overrides("reset_metrics")
        self.own_results = changing or model._overrides("get_metrics_result")
        self._log_names: list[str] | None = None if changing else names_of(self.metrics)
        # Most metrics begin with zeros; those that say otherwise are asked to.
        self.resetting = [metric for metric in self.metrics if type(metric).reset_state is not Metric.reset_state]
        plain = [metric for metric in self.metrics if type(metric).reset_state is Metric.reset_state]
        self.variables: list[Variable] = list({id(v): v for metric in plain for v in metric.variables}.values())

    @property
    def begins_with_zeros(self) -> bool:
        """Whether zeros in all variables are a new beginning."""
        return not self.own_reset and not self.resetting

    def reset(self, zero: Callable[[list[Variable]], None]) -> None:
        """Begin all metrics anew; `zero` sets variables to zero."""
        if self.own_reset:
            self.model.reset_metrics()
            return
        zero(self.variables)
        for metric in self.resetting:
            metric.reset_state()

    def results(self) -> dict[str, Any]:
        """The current results, by name."""
        return self.model.get_metrics_result() if self.own_results else results_of(self.metrics)

    def log_names(self) -> list[str]:
        """The keys of logs in their order; a compiled step may give them in another."""
        return names_of(self.model.metrics) if self._log_names is None else self._log_names


def results_of(metrics: list[Any]) -> dict[str, Any]:
    """The current results of metrics, by name.

    Args:
        metrics: each gives a scalar, or a dict of scalars by name.
    """
    results: dict[str, Any] = {}
    for metric in metrics:
        result = metric.result()
        if isinstance(result, dict):
            results.update(result)
        else:
            results[metric.name] = result
    return results


def names_of(metrics: list[Any]) -> list[str]:
    """The names of the results of metrics, in their order."""
    return [name for metric in metrics for name in getattr(metric, "result_names", (metric.name,))]
