"""Layers that hold functions of JAX and modules of Flax."""
