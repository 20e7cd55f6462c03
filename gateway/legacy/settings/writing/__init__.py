"""Writing of settings: what the old operations change in the typed objects of the new server (mapping-settings 5)."""

from gateway.legacy.settings.writing.run import delete_setting, update_settings

__all__ = ["delete_setting", "update_settings"]
