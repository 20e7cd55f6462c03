"""The judge: openapi-core has the final word on a request that was routed.

Used as documented it costs 1.5 ms a call, so what it makes anew for each call is made once, through the public fields of its configuration:
factories that remember what they made, and a path finder that is told the path. It sees each value as the gateway read it: path elements
after decoding, a query without empty values, the parsed body.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from jsonschema_path import SchemaPath
from openapi_core import OpenAPI
from openapi_core.casting.schemas import oas30_write_schema_casters_factory
from openapi_core.configurations import Config
from openapi_core.datatypes import RequestParameters
from openapi_core.deserializing.media_types.factories import MediaTypeDeserializersFactory
from openapi_core.deserializing.styles import style_deserializers
from openapi_core.deserializing.styles.factories import StyleDeserializersFactory
from openapi_core.templating.datatypes import TemplateResult
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.validation.request.exceptions import ParameterValidationError, RequestBodyValidationError
from openapi_core.validation.schemas import oas30_write_schema_validators_factory

from gateway.contract.formats import FORMATS
from gateway.contract.operation import Operation
from gateway.contract.spec import METHODS

_JSON = "application/json"
_CACHED_PATHS = 4096


class Finding(NamedTuple):
    """What the judge objects to first: the place, the name of the parameter (or none), and the rule, without any value."""

    where: Literal["path", "query", "body"]
    name: str | None
    rule: str


class Judge:
    """Judges requests after one specification."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        spec = SchemaPath.from_dict(cast("Any", document), resolved_cache_maxsize=_CACHED_PATHS)
        casters: Any = _Remembering(oas30_write_schema_casters_factory)
        styles: Any = _Remembering(StyleDeserializersFactory(casters, style_deserializers))
        parts: dict[str, Any] = {
            "path_finder_cls": _Finder,
            "schema_validators_factory": _Remembering(oas30_write_schema_validators_factory),
            "schema_casters_factory": casters,
            "style_deserializers_factory": styles,
            "media_type_deserializers_factory": _RememberingByType(MediaTypeDeserializersFactory(styles, {_JSON: _value_of})),
            "security_provider_factory": _AnyCredential(),
        }
        config = Config(spec_validator_cls=None, extra_format_validators=dict(FORMATS), **parts)
        self._validator = OpenAPI(spec, config).request_validator

    def find_fault(self, operation: Operation, elements: Mapping[str, str], query: Mapping[str, str], body: Any) -> Finding | None:
        """The first objection, None for a valid request; bodies other than JSON are not looked at."""
        request = _Request(operation, elements, query, body)
        for error in self._validator.iter_errors(request):
            if not isinstance(error, RequestBodyValidationError):
                return _parameter_finding(error)
            if operation.body == "json":
                return Finding("body", None, _rule(error))
        return None


def _parameter_finding(error: Exception) -> Finding:
    if not isinstance(error, ParameterValidationError):
        raise error
    return Finding(cast("Literal['path', 'query']", error.location), error.name, _rule(error))


def _rule(error: Exception) -> str:
    """Which rule was broken where: member names and keywords only, since bodies carry passwords."""
    faults = getattr(error.__cause__, "schema_errors", None)
    if not faults:
        return type(error.__cause__ or error).__name__
    return "; ".join(f"/{'/'.join(str(step) for step in fault.absolute_path)} {fault.validator}" for fault in list(faults)[:3])


class _Body(bytes):
    """A body that was parsed already; never empty, because an empty one counts as missing."""

    value: Any

    @classmethod
    def of(cls, value: Any) -> "_Body":
        made = cls(b"parsed")
        made.value = value
        return made


def _value_of(body: bytes) -> Any:
    return cast("_Body", body).value


class _Request:
    """What openapi-core asks of a request; `path_pattern` spares it the search for the path."""

    host_url = ""
    content_type = _JSON

    def __init__(self, operation: Operation, elements: Mapping[str, str], query: Mapping[str, str], body: Any) -> None:
        self.method = operation.method.lower()
        self.path = self.path_pattern = operation.path
        self.body = _Body.of(body) if operation.body == "json" else None
        self.parameters = RequestParameters(query=query, header={}, cookie={}, path=dict(elements))


class _Finder:
    """Finds the operation by the key of its path, which is what `_Request` gives."""

    def __init__(self, spec: SchemaPath, base_url: str | None = None) -> None:
        del base_url
        self._found = {
            (method, name): PathOperationServer(path, path / method, None, TemplateResult(name, {}), TemplateResult("", {}))
            for name, path in (spec / "paths").str_items()
            for method in METHODS
            if method in path
        }

    def find(self, method: str, name: str) -> PathOperationServer:
        return self._found[method, name]


class _Remembering:
    """A factory that makes one thing per schema and options.

    Two paths into different documents are equal when their steps are, so this must serve one document only, as here.
    """

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._made: dict[Any, Any] = {}

    def create(self, spec: SchemaPath, schema: SchemaPath, *options: Any, **named: Any) -> Any:
        key = (schema.parts, options, named.get("name"))
        if key not in self._made:
            self._made[key] = self._factory.create(spec, schema, *options, **named)
        return self._made[key]


class _RememberingByType:
    """The same for bodies, where the media type comes first."""

    def __init__(self, factory: MediaTypeDeserializersFactory) -> None:
        self._factory = factory
        self._made: dict[Any, Any] = {}

    def create(self, spec: SchemaPath, mimetype: str, schema: SchemaPath | None = None, **named: Any) -> Any:
        key = (mimetype, schema and schema.parts)
        if key not in self._made:
            self._made[key] = self._factory.create(spec, mimetype, schema=schema, **named)
        return self._made[key]


class _AnyCredential:
    """Credentials are not judged here: the new server does."""

    def create(self, scheme: SchemaPath) -> Any:
        del scheme
        return lambda _parameters: ""
