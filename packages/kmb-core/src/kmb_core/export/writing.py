"""An artifact written, read again, compared, and only then put in its place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kmb_core.errors import ExportError, message
from kmb_core.export.culprit import culprit, described
from kmb_core.export.formats import Route
from kmb_core.export.placing import new_artifact
from kmb_core.export.validation import Expected, compare, expected_of
from kmb_core.plugins import Backend, Endpoint, ExportRequest


@dataclass(frozen=True)
class Contents:
    """What goes into an artifact.

    `owners` are the models and layers that endpoints run, by endpoint: where one fails, its layers are tried.
    """

    backend: Backend
    endpoints: Sequence[Endpoint]
    resources: Sequence[Any] = ()
    collections: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    owners: Mapping[str, Any] = field(default_factory=dict)
    options: Any = None


def write_artifact(
    contents: Contents, format: str, route: Route, filepath: Any, tolerance: float | None
) -> list[Expected]:
    """Write an artifact and validate it.

    Args:
        contents: what goes into it.
        format: the format's name, for messages.
        route: who writes it.
        filepath: where it is to be.
        tolerance: see `validation.compare`.

    Returns:
        What each endpoint gave for random inputs.

    Raises:
        ExportError: where it cannot be written, or computes something else; the layer at fault is named.
        FileAccessError: where the file system refuses.
    """
    _check(contents, format, route)
    expected = [expected_of(endpoint, contents.backend) for endpoint in contents.endpoints]
    request = _request(contents, expected)
    with new_artifact(filepath, route.exporter) as path:
        try:
            route.exporter.write(request, path)
            loaded = route.exporter.load(path, contents.endpoints)
            for one in expected:
                compare(loaded, one, tolerance)
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk, not the model
                raise
            raise _explained(error, expected, contents, format, route, tolerance) from error
    return expected


def _check(contents: Contents, format: str, route: Route) -> None:
    exporter, where = route.exporter, f"export to {format!r}"
    if not contents.endpoints:
        raise ExportError(
            message(f"{where}: there is no endpoint", None, "Call add_endpoint(name, fn, signature) first.")
        )
    if len(contents.endpoints) > 1 and not exporter.several_endpoints:
        names = ", ".join(endpoint.name for endpoint in contents.endpoints)
        raise ExportError(message(f"{where}: the format holds one endpoint, got {names}", None, "Write several files."))
    if contents.collections and not exporter.collects_variables:
        raise ExportError(message(f"{where}: the format holds no collections of variables"))
    for endpoint in contents.endpoints:
        unknown = sorted(set(endpoint.options) - exporter.option_names)
        if unknown:
            known = ", ".join(sorted({*exporter.option_names, "tolerance"}))
            raise ExportError(message(f"{where}: unknown options {', '.join(unknown)}", f"It takes {known}."))


def _request(contents: Contents, expected: Sequence[Expected]) -> ExportRequest:
    owned = [v for resource in contents.resources for v in getattr(resource, "variables", ())]
    read = [v for one in expected for v in one.variables]
    collected = [v for collection in contents.collections.values() for v in collection]
    variables = {id(v): v for v in (*owned, *read, *collected) if hasattr(v, "path")}  # the core's own
    return ExportRequest(
        tuple(contents.endpoints),
        tuple(variables.values()),
        tuple(contents.resources),
        contents.collections,
        contents.options,
    )


def _explained(
    error: Exception, expected: Sequence[Expected], contents: Contents, format: str, route: Route, tolerance: Any
) -> ExportError:
    reason = _reason(error)
    for one in expected:
        owner = contents.owners.get(one.endpoint.name)
        if owner is None:
            continue
        layer = culprit(one, owner, contents.backend, route.exporter, tolerance)
        if layer is not None:
            what = f"export to {format!r}: {described(layer)} cannot be exported from backend {route.backend}"
            remedy = "Fix open sizes with input_signature, replace the layer, or export what is before and behind it."
            return ExportError(message(what, reason, remedy))
    names = ", ".join(repr(one.endpoint.name) for one in expected)
    what = f"export to {format!r}: endpoint {names} cannot be exported from backend {route.backend}"
    return ExportError(message(what, reason))


def _reason(error: BaseException) -> str:
    """What an exporter raised and what that came from, each in one line without colours."""
    first = error
    while error.__cause__ is not None:
        error = error.__cause__
    return _line(first) if error is first else f"{_line(first)} (from {_line(error)})"


def _line(error: BaseException) -> str:
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())
    return f"{type(error).__name__}: {f'{text[:300]}…' if len(text) > 300 else text}"
