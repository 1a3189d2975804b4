"""The demonstration: an embedded PostgreSQL, a generated city, a guided tour.

Nothing here is used when real databases are configured.
"""
