"""The settings of AgentCore: all that it needs or nothing, in AWS's own forms, before anything is asked of AWS."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.agentcore_double import BUCKET, ROLE

from nexus_agents.app import openings
from nexus_agents.backends.agentcore.names import described_agent, description, runtime_name, runtime_session
from nexus_agents.domain.backend import DeployedAgent, PackageRef
from nexus_agents.domain.spending import Unlimited
from nexus_agents.settings import AgentsSettings
from nexus_runtime.blobs import blob_store
from nexus_runtime.process.settings import load

SET = {"AGENTCORE_ROLE_ARN": ROLE, "AGENTCORE_BUCKET": BUCKET, "AGENTCORE_INSTALLATION": "prod"}

CLAUDE = {
    "MODELS": '[{"name": "bedrock:claude", "input_usd": 3, "output_usd": 15}]',
    "AGENT_MODELS": '["bedrock:claude"]',
}


async def keep(_agent_id: str, _lines: Sequence[str]) -> None:
    return


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> AgentsSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load(AgentsSettings)


def test_without_settings_there_are_only_local_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch)
    assert settings.agent_backend == "local"
    assert set(openings(settings, blob_store(settings.packages_url, settings), keep, Unlimited())) == {"local"}


def test_with_its_settings_agentcore_is_there_beside_the_local_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, **SET, AGENT_BACKEND="agentcore", AWS_REGION="eu-west-1")
    assert list(openings(settings, blob_store(settings.packages_url, settings), keep, Unlimited())) == [
        "local",
        "agentcore",
    ]
    assert settings.agentcore is not None
    assert settings.agentcore.region == "eu-west-1"


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"AGENT_BACKEND": "agentcore"}, "AGENTCORE_ROLE_ARN: must be set"),
        ({"AGENT_BACKEND": "agentcore"}, "AGENTCORE_INSTALLATION: must be set"),
        ({"AGENTCORE_ROLE_ARN": ROLE}, "AGENTCORE_BUCKET: must be set"),
        ({"AGENTCORE_BUCKET": BUCKET}, "AGENTCORE_BUCKET: has no effect without AGENTCORE_ROLE_ARN"),
        ({**SET, "AGENTCORE_ROLE_ARN": "nexus-agents"}, "AGENTCORE_ROLE_ARN: String should match"),
        ({**SET, "AGENTCORE_BUCKET": "Nexus_Packages"}, "AGENTCORE_BUCKET: String should match"),
        ({**SET, "AGENTCORE_INSTALLATION": "prod_1"}, "AGENTCORE_INSTALLATION: String should match"),
        ({**SET, "AGENTCORE_REGION": "ireland"}, "AGENTCORE_REGION: String should match"),
        ({**SET, "AWS_REGION": "local"}, "AGENTCORE_REGION: must be set"),
        ({**SET, "AGENTCORE_PYTHON": "PYTHON_2_7"}, "AGENTCORE_PYTHON: Input should be"),
        ({**SET, "AGENTCORE_IDLE_SECONDS": "5"}, "AGENTCORE_IDLE_SECONDS: Input should be"),
        ({"AGENT_BACKEND": "lambda"}, "AGENT_BACKEND: Input should be"),
        (CLAUDE, "AGENT_MODELS: MODELS has no openai: model named bedrock:claude"),
    ],
)
def test_a_setting_that_cannot_work_is_named_at_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variables: dict[str, str], fault: str
) -> None:
    with pytest.raises(SystemExit):
        loaded(monkeypatch, **variables)
    assert f"setting {fault}" in capsys.readouterr().err


def test_models_of_bedrock_are_for_agents_on_agentcore(monkeypatch: pytest.MonkeyPatch) -> None:
    granted = loaded(monkeypatch, **SET, **CLAUDE, AWS_REGION="eu-west-1").grants({})
    assert granted.model("bedrock:claude", "bedrock") is not None
    assert granted.model("bedrock:claude", "openai") is None


@pytest.mark.parametrize("name", ["a", "tester", "T" * 48, "with_under_scores_9"])
@pytest.mark.parametrize("installation", ["a", "production12"])
def test_names_of_runtimes_have_the_form_of_aws_and_lead_back_to_the_agent(name: str, installation: str) -> None:
    agent_id = f"proj_{'0' * 32}:{name}"
    runtime = runtime_name(installation, agent_id)
    assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,47}", runtime)
    assert described_agent(installation, runtime, description(agent_id)) == agent_id
    assert described_agent("other", runtime, description(agent_id)) is None
    assert runtime_name(installation, agent_id + "x") != runtime


@pytest.mark.parametrize("length", [33, 37, 100])
def test_sessions_of_runtimes_have_the_length_of_aws(length: int) -> None:
    agent: Any = DeployedAgent("x", PackageRef("", hashlib.sha256(b"").hexdigest()), "", "")
    assert 33 <= len(runtime_session(agent, "s" * length)) <= 100
