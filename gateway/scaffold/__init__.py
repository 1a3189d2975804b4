"""What a department's developer works with: a new package, a drafted mapping, a trial, fixtures.

Nothing here runs in a serving gateway: packages that come out of it stand on `gateway.contract`
and `gateway.sources` alone.
"""
