"""The oracle: an independent reference executor of `docs/reference/answers.md`.

It shares with the product the schema, the rules and the mappings as data, and no behaviour.
"""
