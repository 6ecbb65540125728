"""Layers that hold modules of torch."""
