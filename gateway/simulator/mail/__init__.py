"""Mail of the simulated server: how it is accepted, queued, tried, bounced, and how the queue is seen and changed."""
