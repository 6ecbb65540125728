"""Layers that prepare images: sizes, borders, colours, and what is done to them at random while training."""
