"""Synchronous commands of the simulated server (jmap-management-api 3.16)."""
