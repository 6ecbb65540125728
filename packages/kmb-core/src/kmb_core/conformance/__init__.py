"""The suite that proves a backend, shipped in the wheel: `pytest --pyargs kmb_core.conformance --kmb-backend NAME`.

Third parties' backends are proved by the same command; `--kmb-plugin MODULE` proves one that no entry point
announces. What is checked of an op follows from its declaration and from the rows in `rows`: how arguments are drawn,
and an oracle in NumPy's float64 that shares no code with the core.

A backend's declared capabilities decide what is skipped, its declared deviations what is expected to fail. The run ends
with a level, "training", "inference" or "none", and writes `conformance.json`.

Nothing but NumPy and pytest is needed besides the backend.
"""
