"""Each test of the contract gets each channel, on the bench, with the unasked checks at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.bench import Bench, on_the_bench
from tests.contract.case import Case
from tests.contract.channels import CASES

ROWS = {
    "hearing": lambda case: {row.name: row for row in case.hearings},
    "unheard": lambda case: {row.name: row for row in case.unheard},
    "forging": lambda case: case.forgings,
    "saying": lambda case: {row.name: row for row in case.sayings},
    "failure": lambda case: {row.name: row for row in case.failures},
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each channel, and for each of its rows where the test asks for one."""
    if "bench" not in metafunc.fixturenames or metafunc.cls is None:
        return
    asked = [name for name in ROWS if name in metafunc.fixturenames]
    if not asked:
        metafunc.parametrize("case", CASES, ids=[case.name for case in CASES])
        return
    (kind,) = asked
    rows = [(case, row, f"{case.name}-{name}") for case in CASES for name, row in ROWS[kind](case).items()]
    metafunc.parametrize(("case", kind), [row[:2] for row in rows], ids=[row[2] for row in rows])


@pytest.fixture
async def bench(case: Case, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    async with on_the_bench(case, monkeypatch) as bench:
        yield bench
    assert bench.faults() == []
