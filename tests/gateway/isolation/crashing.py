"""A package that cannot even be imported."""

raise ImportError("crashed")
