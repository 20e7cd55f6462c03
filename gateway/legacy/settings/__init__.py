"""Settings: a flat map of keys and texts, put together from the typed objects of the new server."""

from gateway.legacy.settings.reads import group, keys, listing
from gateway.legacy.settings.writing import delete_setting, update_settings
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

ROUTES = (
    route("getSettingsGroup", does(group, "x:*/get")),
    route("listSettings", does(listing, "x:*/get")),
    route("getSettingsKeys", does(keys, "x:*/get")),
    route("updateSettings", does(update_settings, "x:*/query", "x:*/get", "x:*/set")),
    route("deleteSetting", does(delete_setting, "x:*/query", "x:*/get", "x:*/set")),
)
