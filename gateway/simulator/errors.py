"""How the simulated server refuses.

    Refusal
    ├── Problem        the whole HTTP request: a problem document (jmap-management-api 1.9)
    ├── Cut            the connection is closed without an answer
    ├── MethodError    one method call: ["error", {"type", "description"}, id] (jmap-management-api 1.10)
    └── SetError       one object of a /set: an entry of notCreated, notUpdated, notDestroyed (jmap-management-api 1.11)
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]

ENTERPRISE_ONLY = "This feature is only available in the Enterprise edition. Obtain your trial license at https://license.stalw.art/trial."


class Refusal(Exception):
    """Base of everything the server says no with."""


class Cut(Refusal):
    """The server closes the connection without an answer."""


class Problem(Refusal):
    """The whole request is answered with a problem document; members that are None are left out. `challenge`: a 401 says how to authenticate."""

    def __init__(
        self,
        status: int,
        title: str | None,
        detail: str,
        *,
        type_: str = "about:blank",
        limit: str | None = None,
        headers: Mapping[str, str] | None = None,
        challenge: bool = True,
    ) -> None:
        super().__init__(f"{status} {title or type_}")
        self.status = status
        self.body: Object = {"type": type_, "status": status}
        if title is not None:
            self.body["title"] = title
        self.body["detail"] = detail
        if limit is not None:
            self.body["limit"] = limit
        self.headers = dict(headers or {})
        self.challenge = challenge


class MethodError(Refusal):
    """One method call fails; the next ones go on."""

    def __init__(self, type_: str, description: str = "") -> None:
        super().__init__(f"{type_}: {description}")
        self.type = type_
        self.description = description

    def wire(self) -> Object:
        """Arguments of the `error` answer."""
        return {"type": self.type} | ({"description": self.description} if self.description else {})


class SetError(Refusal):
    """One object of a /set fails; the others are not affected.

    `object_id` and `linked` are (object name, id); `validation` are entries of validationErrors as they are sent.
    """

    def __init__(
        self,
        type_: str,
        description: str = "",
        *,
        properties: Iterable[str] | None = None,
        object_id: tuple[str, str] | None = None,
        linked: Iterable[tuple[str, str]] = (),
        validation: Iterable[Object] = (),
    ) -> None:
        super().__init__(f"{type_}: {description}")
        self.type = type_
        self.description = description
        self.properties = None if properties is None else list(properties)
        self.object_id = object_id
        self.linked = list(linked)
        self.validation = list(validation)

    def wire(self) -> Object:
        """The SetError object; members that are empty are left out."""
        body: Object = {"type": self.type}
        if self.description:
            body["description"] = self.description
        if self.properties is not None:
            body["properties"] = self.properties
        if self.object_id is not None:
            body["objectId"] = {"object": self.object_id[0], "id": self.object_id[1]}
        if self.linked:
            body["linkedObjects"] = [{"object": name, "id": id_} for name, id_ in self.linked]
        if self.validation:
            body["validationErrors"] = self.validation
        return body
