"""Who looked at whom, as records that the gateway itself supplies."""
