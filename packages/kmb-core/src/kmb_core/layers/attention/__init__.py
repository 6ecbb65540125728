"""Layers that average values with weights from queries and keys."""
