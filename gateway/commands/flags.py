"""Every setting as a flag, made from the settings themselves."""

import argparse
import os
from pathlib import Path
from typing import Any

from gateway.settings import Settings, SettingsError, load, names, unknown_variables, variable

_GROUPS = {"": "settings", "limits": "limits", "timeouts": "timeouts, in seconds"}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add `--config` and a flag for every setting."""
    parser.add_argument("--config", metavar="FILE", help="TOML file with settings (GATEWAY_CONFIG); flags and environment win over it")
    groups = {name: parser.add_argument_group(title) for name, title in _GROUPS.items()}
    for path, field in names():
        switch: dict[str, Any] = {"nargs": "?", "const": "true", "metavar": "true|false"} if field.annotation is bool else {"metavar": "VALUE"}
        groups[path[0] if len(path) > 1 else ""].add_argument(
            "--" + "-".join(path).replace("_", "-"),
            dest=".".join(path),
            default=argparse.SUPPRESS,
            help=f"{field.description} ({variable(path)}{_default(field.get_default(call_default_factory=True))})".replace("%", "%%"),
            **switch,
        )


def settings_of(arguments: argparse.Namespace, *, needs_upstream: bool) -> tuple[Settings, list[str]]:
    """Settings of flags, environment and file, and warnings about variables that mean nothing; SettingsError names every mistake."""
    flags: dict[str, Any] = {}
    for path, _ in names():
        value = getattr(arguments, ".".join(path), None)
        if value is not None:
            group = flags if len(path) == 1 else flags.setdefault(path[0], {})
            group[path[-1]] = value
    file = arguments.config or os.environ.get("GATEWAY_CONFIG")
    settings = load(flags, Path(file) if file else None)
    if needs_upstream and not settings.upstream:
        raise SettingsError(["upstream (GATEWAY_UPSTREAM): not set; name the new server, for example --upstream http://127.0.0.1:8080"])
    unknown = unknown_variables()
    return settings, [f"unknown settings in the environment are ignored: {', '.join(unknown)}"] if unknown else []


def _default(value: Any) -> str:
    if value in ("", [], {}):
        return ""
    text = ",".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
    return f", default {text}"
