"""What the user configures decides which host is asked; the tag tells hosts apart, and the exchange's own has none."""

import itertools
import json
import re
from pathlib import Path

import pytest

from atc_cli.data.store.host import host_of
from atc_cli.data.store.shelf import Store

OWN = [
    {},
    {"apiKey": "K", "secret": "S", "timeout": 5000, "enableRateLimit": False},
    {"httpsProxy": "http://proxy:1", "options": {"defaultType": "swap", "adjustForTimeDifference": True}},
    {"sandbox": False, "urls": {}, "hostname": ""},
    {"urls": {"test": "https://testnet", "www": "https://x"}},
    {"headers": {"X-Mine": "1"}},
    {"urls": "no section", "options": None, "headers": 3},
]
OTHERS = [
    {"sandbox": True},
    {"testnet": True},
    {"hostname": "bytick.com"},
    {"options": {"sandbox": True}},
    {"options": {"sandboxMode": True}},
    {"options": {"enableDemoTrading": True}},
    {"headers": {"X-SIMULATED-TRADING": "1"}},
    {"urls": {"api": "https://gateway/a"}},
    {"urls": {"api": "https://gateway/b"}},
    {"urls": {"api": {"public": "https://api1.binance.com/api/v3"}}},
    {"urls": {"api": {"public": "http://127.0.0.1:8000"}}},
    {"urls": {"api": {"public": "http://127.0.0.1:8001"}}},
    {"sandbox": True, "urls": {"test": "https://testnet/a"}},
    {"sandbox": True, "urls": {"test": "https://testnet/b"}},
    {"hostname": "../../etc"},
    {"hostname": "\udcff\n\0" * 50},
    {"urls": {"api": "http://[broken"}},
]


@pytest.mark.parametrize("options", OWN, ids=json.dumps)
def test_the_own_host_has_no_tag(options: dict[str, object]) -> None:
    assert host_of(options) == ""
    assert host_of({**options, "sandbox": True}) == host_of({**options, "sandbox": True, "timeout": 1})


def test_each_other_host_has_a_tag_of_its_own_that_can_be_a_folder() -> None:
    tags = [host_of(options) for options in OTHERS]
    assert all(tags)
    assert [pair for pair in itertools.combinations(tags, 2) if pair[0] == pair[1]] == []
    assert [tag for tag in tags if re.fullmatch(r"[a-z0-9][a-z0-9._]*-[0-9a-f]{8}", tag) is None] == []


def test_a_tag_names_the_host_and_no_password() -> None:
    with_user = {"urls": {"api": {"public": "https://user:pa-ss@api1.binance.com/api"}}}
    without = {"urls": {"api": {"public": "https://api1.binance.com/api"}}}
    assert host_of(with_user) == host_of(without)
    assert host_of(without).startswith("api1.binance.com-")
    assert host_of({"sandbox": True}).startswith("sandbox-")


def test_shelves_of_hosts_are_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path, print)
    for options in [{}, *OTHERS]:
        store.shelf("binance", "swap", "1h", host_of(options)).write([])
    found = store.shelves()
    assert sorted(each.host for each in found) == sorted(host_of(options) for options in [{}, *OTHERS])
    assert {each.exchange for each in found} == {"binance"}
    assert {each.folder for each in found if not each.host} == {tmp_path / "binance" / "swap" / "1h"}
    for name in ("binance@", "@x", "binance@..", "binance@a@b", "Binance@x", "binance@X"):
        (tmp_path / name / "swap" / "1h").mkdir(parents=True)
    assert store.shelves() == found
