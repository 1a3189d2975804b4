"""The one-network credit schema: record kinds, fields, codes and identifiers. No I/O here."""
