"""Blobs: stored contents, their ids, upload and download (jmap-management-api 2.9)."""
