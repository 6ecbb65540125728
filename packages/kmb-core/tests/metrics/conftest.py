"""Counting Python and C calls."""

import sys

import pytest


@pytest.fixture
def calls_of():
    """A function that counts the calls that another makes, once it is warm."""

    def count(function):
        for _ in range(3):
            function()
        counted = 0

        def profile(frame, event, argument):
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(profile)
        try:
            function()
        finally:
            sys.setprofile(None)
        return counted

    return count
