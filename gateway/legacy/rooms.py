"""All rooms of the old API; `table.collect` checks them against the specification."""

from gateway.legacy import (
    account,
    login,
    logs,
    maintenance,
    oauth,
    pending,
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
    pending.ROUTES,
)
