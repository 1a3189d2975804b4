"""Why an import cannot be done at all; a single bad row is never an error."""


class AccountsDoNotBalanceError(Exception):
    """Rows read differ from rows loaded, unchanged and quarantined: a defect of the import."""
