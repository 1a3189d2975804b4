"""The cache keeps what was used last, within its bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.operation.cache import TextCache


def test_the_least_recently_used_entry_goes_first() -> None:
    cache: TextCache[int] = TextCache(30)
    cache.put("a", 1, 10)
    cache.put("b", 2, 10)
    cache.put("c", 3, 10)
    assert cache.get("a") == 1
    cache.put("d", 4, 10)
    assert [cache.get(text) for text in "abcd"] == [1, None, 3, 4]


def test_an_entry_as_large_as_the_cache_is_kept_and_a_larger_one_is_not() -> None:
    cache: TextCache[int] = TextCache(30)
    cache.put("a", 1, 30)
    assert cache.get("a") == 1
    cache.put("b", 2, 31)
    assert cache.get("b") is None
    assert cache.get("a") == 1


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 40))))
def test_the_stated_size_is_that_of_its_entries(puts: list[tuple[str, int]]) -> None:
    cache: TextCache[int] = TextCache(60)
    sizes: dict[str, int] = {}
    for text, size_bytes in puts:
        cache.put(text, size_bytes, size_bytes)
        sizes[text] = size_bytes
    kept = [text for text in sizes if cache.get(text) is not None]
    assert cache.size_bytes == sum(sizes[text] for text in kept) <= 60
    assert len(cache) == len(kept)
