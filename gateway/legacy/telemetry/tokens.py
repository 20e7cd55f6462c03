"""Tokens for live streams, valid for a minute (legacy-rest-api 2.16, mapping-operations 8.1)."""

from typing import Any

from gateway.jmap.errors import HttpRefusal
from gateway.legacy.exchange import Exchange
from gateway.legacy.telemetry.edition import refusal_of


async def get_tracing_token(exchange: Exchange) -> Any:
    """Token for the stream of events.

    What the server calls its events is learnt meanwhile: whoever opens the stream with nothing but the token cannot ask for it.
    """
    token = await _token(exchange, "tracing")
    exchange.background(_learn(exchange))
    return token


async def get_metrics_token(exchange: Exchange) -> Any:
    """Token for the stream of metrics."""
    return await _token(exchange, "metrics")


async def _token(exchange: Exchange, kind: str) -> str:
    try:
        return await exchange.caller.text(f"/api/token/{kind}")
    except HttpRefusal as refusal:
        raise refusal_of(refusal) or refusal from None


async def _learn(exchange: Exchange) -> None:
    await exchange.caller.event_texts()
