"""Layers that prepare data: on the way into a model, inside of it, or in a loader."""
