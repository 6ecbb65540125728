"""Mirrors of the core's random ops."""
