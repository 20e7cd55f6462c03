"""Sub-commands that are more than a call."""
