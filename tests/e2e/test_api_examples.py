"""The examples of docs/API_USAGE_EXAMPLES.md, carried out. UPDATE_API_EXAMPLES=1 writes the page anew."""

import json
import os
import re
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from tests.support.api_examples import STORY, Example, filled, page, shown
from tests.support.client import Answer, Client

from nexus_devstack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGE = Path(__file__).parents[2] / "docs" / "API_USAGE_EXAMPLES.md"
ANSWER = re.compile(r"^Answer, (\d+):\n\n```(json|text)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def package_of(stack: Stack) -> bytes:
    """One that the platform has built itself."""
    return next(path for path in (stack.data_dir / "packages").rglob("*") if path.is_file()).read_bytes()


async def answered(client: Client, stack: Stack, example: Example, known: dict[str, str]) -> Answer:
    path, body, headers = filled(example.path, known), filled(example.body, known), dict(example.headers)
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = os.urandom(8).hex()
    if example.upload:
        form = aiohttp.FormData()
        form.add_field("file", package_of(stack), filename="agent.zip", content_type="application/zip")
        return await client.call(example.method, path, data=form, headers=headers)
    if example.until is not None:
        await client.until(path, lambda seen: seen["status"] == example.until)
    return await client.call(example.method, path, body, headers=headers)


def keys_of(answer: Any) -> Any:
    """What a reader relies on: the names in the answer and in its data, not the values."""
    if not isinstance(answer, dict):
        return None
    named = cast("dict[str, Any]", answer)
    data = named.get("data", named.get("error"))
    return sorted(named), sorted(cast("dict[str, Any]", data)) if isinstance(data, dict) else None


async def test_every_example_is_answered_as_its_page_says(client: Client, stack: Stack) -> None:
    known: dict[str, str] = {}
    parts: dict[str, list[str]] = {}
    seen: list[tuple[int, Any]] = []
    wrong: list[tuple[str, int, Any]] = []
    for title, examples in STORY.items():
        for example in examples:
            answer = await answered(client, stack, example, known)
            if answer.status != example.status:
                wrong.append((example.operation, answer.status, answer.body))
                continue
            known |= {name: answer.data[path] for name, path in example.keep.items()}
            known["agent_name"] = known.get("agent_id", "").partition(":")[2]
            parts.setdefault(title, []).append(shown(example, answer.status, answer.body))
            seen.append((answer.status, keys_of(answer.body)))
    assert wrong == []
    if os.environ.get("UPDATE_API_EXAMPLES"):
        PAGE.write_text(page(parts), encoding="utf-8")
    told = ANSWER.findall(PAGE.read_text(encoding="utf-8"))
    assert [(int(status), keys_of(json.loads(text)) if kind == "json" else None) for status, kind, text in told] == seen
