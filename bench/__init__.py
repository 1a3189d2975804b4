"""Speed of the gateway beside two others that answer the same: see docs/reference/benchmarks.md.

Nothing here is part of the product, and the product imports nothing from here.
"""
