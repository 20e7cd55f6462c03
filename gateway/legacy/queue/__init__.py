"""The message queue: list, one message, bulk calls, pause and resume (legacy-rest-api 2.2, mapping-operations 2)."""

from gateway.legacy.queue.bulk import delete_queue, patch_queue
from gateway.legacy.queue.listing import list_queue
from gateway.legacy.queue.single import delete_queue_message, patch_queue_message, queue_message, queue_target
from gateway.legacy.queue.switch import get_queue_status, patch_queue_status
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does, gets

ROUTES = (
    route("listQueue", does(list_queue, "x:QueuedMessage/query", "x:QueuedMessage/get")),
    route("patchQueue", does(patch_queue, "x:QueuedMessage/query", "x:QueuedMessage/get", "x:QueuedMessage/set")),
    route("deleteQueue", does(delete_queue, "x:QueuedMessage/query", "x:QueuedMessage/get", "x:QueuedMessage/set")),
    route("getQueueMessage", gets(queue_target, queue_message, "x:QueuedMessage/get")),
    route("patchQueueMessage", does(patch_queue_message, "x:QueuedMessage/get", "x:QueuedMessage/set")),
    route("deleteQueueMessage", does(delete_queue_message, "x:QueuedMessage/get", "x:QueuedMessage/set")),
    route("getQueueStatus", does(get_queue_status)),
    route("patchQueueStatus", does(patch_queue_status, "x:Action/set PauseMtaQueue", "x:Action/set ResumeMtaQueue")),
)
