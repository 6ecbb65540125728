"""Layers that hold programs of TensorFlow."""
