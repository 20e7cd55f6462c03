"""The new API as a language: calls as data, one client that speaks it, its errors as types."""
