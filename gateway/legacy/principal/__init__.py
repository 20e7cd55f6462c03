"""Principals: domains, accounts, groups, lists, roles, tenants, OAuth clients (legacy-rest-api 2.1, mapping-principals)."""
