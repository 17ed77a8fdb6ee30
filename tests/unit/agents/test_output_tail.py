"""The last lines of an agent's output are read without waiting for an agent that writes on."""

import os

import pytest

from nexus_agents.backends.local.tail import OutputTail

pytestmark = pytest.mark.asyncio


async def test_an_agent_that_writes_faster_than_it_is_read_holds_nobody_up() -> None:
    told = 0

    def write_on(_piece: bytes) -> None:
        nonlocal told
        told += 1
        assert told < 1_000, "it reads for as long as something is written"
        if tail.write_end >= 0:
            os.write(tail.write_end, b"again and again\n" * 100)

    tail = OutputTail(write_on)
    os.write(tail.write_end, b"once\n")
    try:
        assert tail.text(lines=1) == "again and again"
    finally:
        tail.close()


async def test_all_that_was_written_before_is_in_it() -> None:
    tail = OutputTail()
    os.write(tail.write_end, b"x" * 65_000 + b"\nlast words\n")
    try:
        assert tail.text(lines=1) == "last words"
    finally:
        tail.close()
    assert tail.text(lines=1) == "last words"
