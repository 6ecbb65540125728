"""Mirrors of the core's families of neural network ops."""
