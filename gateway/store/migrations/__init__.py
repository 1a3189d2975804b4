"""Numbered SQL files, applied once and in order by `gateway.store.migrate`."""
