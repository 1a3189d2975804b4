"""Life cycles as tables: states, transitions, clocks, and the engine that carries them out.

Knows no mechanism and no law. Who owns a life cycle declares it as a `Machine`, keeps its terms
in TOML with their sources, and has the tables of `tables.sql` in its own database.
"""
