"""Principals: domains, accounts, groups, lists, roles, tenants, OAuth clients (legacy-rest-api 2.1, mapping-principals)."""

from dataclasses import replace

from gateway.legacy.principal.bulk_delete import delete_principals
from gateway.legacy.principal.create import create_principal
from gateway.legacy.principal.delete import delete_principal
from gateway.legacy.principal.listing import list_principals
from gateway.legacy.principal.patch import patch_principal
from gateway.legacy.principal.single import get_principal
from gateway.legacy.table import route
from gateway.legacy.vocabulary import does

_CREATE = replace(does(create_principal, "x:*/query", "x:*/get", "x:*/set"), order="body")

ROUTES = (
    route("listPrincipals", does(list_principals, "x:*/query", "x:*/get")),
    route("createPrincipal", _CREATE),
    route("deployPrincipal", _CREATE),
    route("deletePrincipals", replace(does(delete_principals, "x:*/query", "x:*/get", "x:*/set"), order="body")),
    route("getPrincipal", does(get_principal, "x:*/query", "x:*/get")),
    route("patchPrincipal", replace(does(patch_principal, "x:*/query", "x:*/get", "x:*/set"), order="row")),
    route("deletePrincipal", replace(does(delete_principal, "x:*/query", "x:*/get", "x:*/set"), order="row")),
)
