"""Reports of the simulated server: those that arrive by mail, and those that it collects for others."""
