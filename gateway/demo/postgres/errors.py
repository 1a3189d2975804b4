"""What can go wrong with the embedded PostgreSQL, told to the person who starts it."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be prepared, started, administered or stopped."""


class DataFolderInUseError(EmbeddedPostgresError):
    """Another running server already works on the data folder."""
