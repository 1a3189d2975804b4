"""The guided tour: a client of the running server that prints what it gets, and why.

It asks over HTTP like any other client; audit entries are read through `gateway.audit.log`.
"""
