"""The quality of departments' records: measured apart from queries, kept, and told.

Which dates are in time is the law's business (`policies.disclosure`); which rows are bad is the
kits'. Here both are put together.
"""
