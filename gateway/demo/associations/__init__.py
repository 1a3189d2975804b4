"""The demonstration's industry associations: rows about their members, written as real drops."""
