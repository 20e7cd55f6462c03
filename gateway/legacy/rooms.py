"""All rooms of the old API; `table.collect` checks them against the specification."""

from gateway.legacy import queue

ROOMS = (queue.ROUTES,)
