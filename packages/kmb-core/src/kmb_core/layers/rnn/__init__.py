"""Recurrent layers: cells, loops over cells, and layers around layers that run over time."""
