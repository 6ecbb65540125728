"""Layers that act while training only."""
