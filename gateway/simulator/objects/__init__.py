"""The engine behind most object types: declared properties, patches, queries, links (jmap-management-api 2)."""
