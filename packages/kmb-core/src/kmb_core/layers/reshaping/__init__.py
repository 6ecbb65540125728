"""Layers that change shapes and leave the numbers alone."""
