"""Graphs of operations on symbolic tensors: order, execution plan, and `Function`."""

from kmb_core.graph.function import Function, Graph, input_name, with_rank
from kmb_core.graph.order import Order
from kmb_core.graph.plan import Plan

__all__ = ["Function", "Graph", "Order", "Plan", "input_name", "with_rank"]
