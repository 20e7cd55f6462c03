"""Members of principals on their way to the new server: pure functions from what clients write to what is sent (mapping-principals 2.10 to 2.15)."""
