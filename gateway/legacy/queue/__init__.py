"""The message queue: list, one message, bulk calls, pause and resume (legacy-rest-api 2.2, mapping-operations 2)."""

from gateway.legacy.queue.single import queue_message, queue_target
from gateway.legacy.table import route
from gateway.legacy.vocabulary import gets

ROUTES = (
    route("getQueueMessage", gets(queue_target, queue_message, "x:QueuedMessage/get")),
)
