"""Writing of settings: what the old operations change in the typed objects of the new server (mapping-settings 5)."""
