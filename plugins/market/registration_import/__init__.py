"""Import of real registration extracts into the market department's database.

Reads the published CSV and JSON layouts, and accounts for every row: loaded, unchanged or
quarantined with line, rule and reason. Nothing here answers queries, and nothing else writes
these tables.
"""
