"""The promise of the old API: its operations, and who judges whether a request keeps to it."""
