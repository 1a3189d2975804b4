"""The key file, and key sets."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from gateway.errors import InternalError
from gateway.identity.keys import (
    generate_key,
    keys_by_id,
    load_key,
    load_or_create_key,
    public_jwks,
)


def test_load_or_create_key_makes_a_private_file_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "issuer.jwk"
    first = load_or_create_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_key(path).as_dict(private=True) == first.as_dict(private=True)
    assert [file.name for file in path.parent.iterdir()] == ["issuer.jwk"]


def test_load_or_create_key_several_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "issuer.jwk"
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: load_or_create_key(path), range(32)))
    assert len({key.kid for key in keys}) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_load_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "issuer.jwk"
    load_or_create_key(path)
    path.chmod(mode)
    with pytest.raises(InternalError, match="expected 0600"):
        load_key(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"kty":"OKP"}',
        json.dumps(generate_key().as_dict(private=False)),
        json.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
    ],
)
def test_load_key_file_without_private_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "issuer.jwk"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(InternalError, match="holds no"):
        load_key(path)


def test_public_jwks_has_no_private_member() -> None:
    members = public_jwks([generate_key()])["keys"]
    assert isinstance(members, list)
    assert set(members[0]) == {"kty", "crv", "x", "kid", "use"}


def test_keys_by_id_drops_private_members_and_other_types() -> None:
    key = generate_key()
    other = ECKey.generate_key("P-256").as_dict(private=False)
    found = keys_by_id({"keys": [key.as_dict(private=True), other]})
    assert list(found) == [key.kid]
    assert not found[str(key.kid)].is_private


def test_keys_by_id_without_keys_or_with_one_twice_is_refused() -> None:
    member = generate_key().as_dict(private=False)
    wrong: list[dict[str, object]] = [
        {},
        {"keys": []},
        {"keys": [member, member]},
        {"keys": [{**member, "kid": ""}]},
    ]
    for jwks in wrong:
        with pytest.raises(InternalError):
            keys_by_id(jwks)
