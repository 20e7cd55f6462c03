"""A management server of the new API in memory, for tests, the demo and people without a server."""
