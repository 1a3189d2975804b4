"""Why a file cannot be used at all; a single bad row is never an error."""


class UnusableInputError(Exception):
    """A file, database or report path that cannot be used; the message is for the operator."""


class IndexNotWrittenError(UnusableInputError):
    """The drop may be good, but the gateway could not index it now; it will try again."""
