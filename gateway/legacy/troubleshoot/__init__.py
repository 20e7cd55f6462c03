"""Tests of delivery and of sender checks (legacy-rest-api 2.15, mapping-operations 7)."""

from gateway.legacy.table import route
from gateway.legacy.troubleshoot.delivery import get_token, try_delivery
from gateway.legacy.troubleshoot.dmarc import check_sender
from gateway.legacy.vocabulary import does

ROUTES = (
    route("getTroubleshootToken", does(get_token, "/api/token/delivery")),
    route("troubleshootDelivery", does(try_delivery, "/api/live/delivery")),
    route("troubleshootDmarc", does(check_sender, "x:Action/set TroubleshootDmarc")),
)
