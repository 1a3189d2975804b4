"""The measurement of identity runs and measures every way to come."""

from bench.identity import run


def test_identity_bench_measures_every_way() -> None:
    found = run(5)
    assert len(found) == 3
    assert all(each > 0 for each in found.values())
