"""ExportArchive: several functions of models and layers as the endpoints of one artifact."""

from collections.abc import Callable, Iterable
from typing import Any

from kmb_core.backend import Variable, current_backend, use_backend
from kmb_core.errors import ExportError, StructureError, message
from kmb_core.export.exporting import say
from kmb_core.export.formats import find_route
from kmb_core.export.signatures import build, model_endpoint, symbolic
from kmb_core.export.writing import Contents, write_artifact
from kmb_core.layers.layer import Layer
from kmb_core.plugins import Backend, Endpoint


class ExportArchive:
    """Endpoints for serving, written to one artifact.

    Attributes:
        format: the name of an exporter of the backend, "tf_saved_model" unless it is set before `write_out`.
        tolerance: how far outputs may differ, relative to the greatest (at least 1); by their dtype when None.

    All functions belong to one backend: that of the first model or layer that is tracked or called.

    Example:
        >>> import kmb_core
        >>> archive = kmb_core.export.ExportArchive()
        >>> model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2)])
        >>> archive.track(model)
        >>> signature = [kmb_core.InputSpec(shape=(None, 3), dtype="float32")]
        >>> doubled = archive.add_endpoint("doubled", lambda x: 2 * model(x), signature)
        >>> tuple(doubled(kmb_core.ops.ones((1, 3))).shape)
        (1, 2)
    """

    def __init__(self) -> None:
        self.format = "tf_saved_model"
        self.tolerance: float | None = None
        self._resources: list[Any] = []
        self._endpoints: dict[str, Endpoint] = {}
        self._collections: dict[str, tuple[Any, ...]] = {}
        self._owners: dict[str, Any] = {}
        self._chosen: Backend | None = None

    @property
    def _backend(self) -> Backend:
        return self._chosen or current_backend()

    def track(self, resource: Any) -> None:
        """Take a model, a layer or an object of the framework (a lookup table) into the artifact.

        Raises:
            ExportError: for a layer of another backend than those before.
        """
        if isinstance(resource, Layer):
            self._join(resource)
        if not any(resource is known for known in self._resources):
            self._resources.append(resource)

    def add_endpoint(self, name: str, fn: Callable[..., Any], input_signature: Any = None, **kwargs: Any) -> Any:
        """Add a function that the artifact offers.

        Args:
            name: the endpoint's name, a Python identifier.
            fn: a function of tensors; of variables it may read those of what is tracked, and others are found by
                running it. Conditions on values of tensors are not seen.
            input_signature: a list with one part for each argument of `fn`: a KerasTensor, InputSpec or tensor, or
                nested ones. None for a function that the framework has traced.
            **kwargs: options of the exporter.

        Returns:
            The function, which takes tensors of the archive's backend.

        Raises:
            ExportError: for a name that is taken or no identifier.
            StructureError: where nothing says what the function takes.
        """
        owner = fn if isinstance(fn, Layer) else getattr(fn, "__self__", None)
        if isinstance(owner, Layer):
            self._join(owner)
        if isinstance(fn, Layer) and (input_signature is None or not fn.built):
            return self._add(model_endpoint(fn, name, input_signature, kwargs), fn)
        if input_signature is None:
            input_signature = self._traced(name, fn)
        arguments = input_signature if isinstance(input_signature, (list, tuple)) else [input_signature]
        signature = tuple(symbolic(list(arguments), f"endpoint {name!r}"))
        endpoint = Endpoint(name, self._on_backend(fn), signature, kwargs)
        if isinstance(owner, Layer):
            build(owner, endpoint)
        return self._add(endpoint, owner)

    def track_and_add_endpoint(self, name: str, resource: Any, input_signature: Any, **kwargs: Any) -> Any:
        """Take a model or layer into the artifact, and its call as an endpoint.

        Args:
            name: the endpoint's name.
            resource: a model or layer.
            input_signature: as for `add_endpoint`; None for one that is built.
            **kwargs: options of the exporter.

        Returns:
            The function.
        """
        self.track(resource)
        if not isinstance(resource, Layer):
            return self.add_endpoint(name, resource, input_signature, **kwargs)
        return self._add(model_endpoint(resource, name, input_signature, kwargs), resource)

    def add_variable_collection(self, name: str, variables: Any) -> None:
        """Let variables be found by a name in what is loaded again.

        Args:
            name: a Python identifier.
            variables: a list, tuple or set of variables.

        Raises:
            ExportError: for a name that is taken or no identifier, and for other things than variables.
        """
        self._check_name(name)
        if not isinstance(variables, Iterable) or not all(isinstance(v, Variable) for v in variables):
            raise ExportError(
                message(f"variable collection {name!r}: expected a list of variables, got {variables!r:.60}")
            )
        self._collections[name] = tuple(variables)

    def write_out(self, filepath: Any, options: Any = None, verbose: bool = True) -> None:
        """Write the artifact, compare it with the functions, and put it in its place.

        Args:
            filepath: file or folder.
            options: of the format, for the whole artifact (`tf.saved_model.SaveOptions`).
            verbose: whether to say what was written.

        Raises:
            ExportError: as for `Model.export`.
        """
        backend = self._backend
        route = find_route(self.format, backend.name, own_only=True)
        contents = Contents(
            backend, list(self._endpoints.values()), self._resources, self._collections, self._owners, options
        )
        expected = write_artifact(contents, self.format, route, filepath, self.tolerance)
        if verbose:
            say(filepath, self.format, expected)

    def _join(self, layer: Layer) -> None:
        if self._chosen is not None and layer._backend is not self._chosen:
            what = f"ExportArchive: layer {layer.name!r} is of backend {layer._backend.name}, not {self._chosen.name}"
            raise ExportError(message(what, None, "Write an archive for each backend."))
        self._chosen = layer._backend

    def _add(self, endpoint: Endpoint, owner: Any) -> Any:
        self._check_name(endpoint.name)
        self._endpoints[endpoint.name] = endpoint
        if isinstance(owner, Layer):
            self._owners[endpoint.name] = owner
        return endpoint.function

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ExportError(message(f"ExportArchive: expected a public Python identifier as a name, got {name!r}"))
        if name in self._endpoints or name in self._collections:
            raise ExportError(message(f"ExportArchive: the name {name!r} is taken"))

    def _on_backend(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        def function(*args: Any) -> Any:
            with use_backend(self._backend):
                return fn(*args)

        return function

    def _traced(self, name: str, fn: Callable[..., Any]) -> Any:
        kernel = self._backend.kernels.get("traced_signature")
        found = None if kernel is None else kernel(fn)
        if found is None:
            what = f"endpoint {name!r}: nothing says what the function takes"
            remedy = 'Pass input_signature=[kmb_core.InputSpec(shape=(None, 3), dtype="float32")].'
            raise StructureError(message(what, "No input_signature was given.", remedy))
        return found
