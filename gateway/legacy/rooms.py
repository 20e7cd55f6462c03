"""All rooms of the old API; `table.collect` checks them against the specification."""

from gateway.legacy import (
    account,
    dkim,
    dns,
    login,
    logs,
    maintenance,
    oauth,
    principal,
    queue,
    queue_reports,
    reports,
    settings,
    spam,
    store,
    telemetry,
    troubleshoot,
)

ROOMS = (
    principal.ROUTES,
    queue.ROUTES,
    queue_reports.ROUTES,
    reports.ROUTES,
    dkim.ROUTES,
    dns.ROUTES,
    settings.ROUTES,
    store.ROUTES,
    spam.ROUTES,
    troubleshoot.ROUTES,
    telemetry.ROUTES,
    logs.ROUTES,
    maintenance.ROUTES,
    account.ROUTES,
    oauth.ROUTES,
    login.ROUTES,
)
