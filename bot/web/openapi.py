"""The OpenAPI 3.1 document of the API: the paths written here, the bodies from the models that serve them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from bot.core.requests import Status
from bot.web import models

_TAKEN = (models.NewRequest, models.RequestChange)
_GIVEN = (
    models.Request,
    models.RequestPage,
    models.ServiceList,
    models.FormList,
    models.SurveySummary,
    models.Problem,
)


def document(version: str, server: str) -> dict[str, Any]:
    """The document as JSON data. `server` is the address that clients reach, without a slash at its end."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pishkhan",
            "version": version,
            "description": "Requests of citizens, businesses and agencies: file, list, follow, move.",
        },
        "servers": [{"url": server or "/"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The API_TOKEN"}},
            "schemas": _schemas(),
        },
    }


def _schemas() -> dict[str, Any]:
    wanted = [(m, "validation") for m in _TAKEN] + [(m, "serialization") for m in _GIVEN]
    _, schema = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    definitions: dict[str, Any] = schema["$defs"]
    return definitions


def _body(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}


_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "`id` of a file"}


def _operation(
    summary: str, given: str | dict[str, Any], *problems: int, status: int = 200, **more: Any
) -> dict[str, Any]:
    content = _body(given) if isinstance(given, str) else given
    answers = {str(status): {"description": "done", "content": content}}
    why = {
        400: "the query or the body cannot be read",
        401: "no bearer token, or a wrong one",
        403: "the API is closed: this server has no token",
        404: "nothing has this code or id",
        409: "the course of a request does not allow this step",
        413: "the body is too large",
        422: "values that cannot be taken, listed in `errors`",
        429: "too often, or too many wrong tokens from this address; `Retry-After` says when to come again",
        503: "too much is under way, or the store does not answer; `Retry-After` says when to come again",
    }
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers |= {str(s): {"description": why[s], "content": problem} for s in (401, 403, *problems, 429, 503)}
    return {"summary": summary, "responses": answers, **more}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "The same key takes effect once; repeat a call with it when its answer was lost",
}
_LANGUAGE = _query("language", {"type": "string", "enum": ["fa", "en"]}, "of the texts; default fa")
_CODE = {
    "name": "code",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "Tracking code, in any digits, spaces and dashes allowed",
}


def _paths() -> dict[str, Any]:
    return {
        "/api/v1/requests": {
            "get": _operation(
                "Requests, newest first",
                "RequestPage",
                400,
                operationId="listRequests",
                parameters=[
                    _query("status", {"type": "string", "enum": [s.value for s in Status]}, "only these"),
                    _query("unit", {"type": "string"}, "only those that this unit has"),
                    _query("after", {"type": "string"}, "begin behind the request with this code"),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "default 50"),
                ],
            ),
            "post": _operation(
                "File a request",
                "Request",
                400,
                413,
                422,
                status=201,
                operationId="fileRequest",
                parameters=[_IDEMPOTENCY],
                requestBody={"required": True, "content": _body("NewRequest")},
            ),
        },
        "/api/v1/requests/{code}": {
            "parameters": [_CODE],
            "get": _operation("One request", "Request", 404, operationId="getRequest"),
            "patch": _operation(
                "Move or annotate a request; the citizen is told",
                "Request",
                400,
                404,
                409,
                413,
                422,
                operationId="changeRequest",
                parameters=[_IDEMPOTENCY],
                requestBody={"required": True, "content": _body("RequestChange")},
            ),
        },
        "/api/v1/files/{id}": {
            "parameters": [_FILE_ID],
            "get": _operation("A file that came with a request", _FILE, 404, operationId="getFile"),
        },
        "/api/v1/services": {
            "get": _operation(
                "The service catalogue", "ServiceList", 400, operationId="listServices", parameters=[_LANGUAGE]
            )
        },
        "/api/v1/forms": {
            "get": _operation(
                "The forms and their fields", "FormList", 400, operationId="listForms", parameters=[_LANGUAGE]
            )
        },
        "/api/v1/surveys/summary": {
            "get": _operation("How satisfied people are", "SurveySummary", operationId="summarizeSurveys")
        },
    }
