"""Mirrors of the core's families of ops."""
