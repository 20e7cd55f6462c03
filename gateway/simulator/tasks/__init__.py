"""Background jobs of the simulated server (jmap-management-api 3.15)."""
