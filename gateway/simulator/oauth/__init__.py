"""OAuth of the simulated server: interactive login, tokens, device flow, registration (jmap-management-api 4.1, 4.6; recordings `oauth`)."""
