"""Pooling: windows, or whole axes, become one number."""
