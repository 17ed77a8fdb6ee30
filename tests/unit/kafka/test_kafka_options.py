"""The options of Kafka's clients: what is given reaches the client, and what cannot work is refused by name."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka.abc import AbstractTokenProvider
from faststream.kafka import KafkaBroker
from pydantic import ValidationError

from nexus_devstack.errors import StackError
from nexus_devstack.settings import load_settings
from nexus_kafka.options import SECRETS, KafkaOptions, faults_of
from nexus_runtime.kafka.security import broker_options
from nexus_runtime.process.settings import ServiceSettings, load

SASL = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "KAFKA_SASL_MECHANISM": "PLAIN",
    "KAFKA_SASL_USERNAME": "alice",
    "KAFKA_SASL_PASSWORD": "open-sesame",
}
OAUTH = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
    "KAFKA_OAUTH_TOKEN_URL": "https://login.example/token",
    "KAFKA_OAUTH_CLIENT_ID": "nexus",
    "KAFKA_OAUTH_CLIENT_SECRET": "open-sesame",
}
MSK = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM",
    "KAFKA_AWS_REGION": "eu-central-1",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of an authority with its key, and a key that is not its."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    one, other = authority.issue_cert("one.example"), authority.issue_cert("other.example")
    one.cert_chain_pems[0].write_to_path(folder / "one.pem")
    one.private_key_pem.write_to_path(folder / "one.key")
    other.private_key_pem.write_to_path(folder / "other.key")
    return folder


def of(*variables: dict[str, str]) -> KafkaOptions:
    return KafkaOptions.from_environment({name: value for each in variables for name, value in each.items()})


def test_without_a_variable_it_is_the_broker_of_this_machine_in_the_clear() -> None:
    client = of().kafka_client("builds")
    assert client == {
        "bootstrap_servers": "127.0.0.1:9092",
        "client_id": "nexus-builds",
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


def test_name_prefix_and_rack_reach_the_client() -> None:
    options = of({"KAFKA_CLIENT_ID_PREFIX": "acme.", "KAFKA_CLIENT_RACK": "eu-central-1a"})
    assert options.kafka_client("builds")["client_id"] == "acme.builds"
    assert options.kafka_consumer("builds")["client_rack"] == "eu-central-1a"
    assert "client_rack" not in options.kafka_client("builds")


def test_tls_verifies_the_broker_and_shows_the_client_s_own_certificate(files: Path) -> None:
    options = of(
        {
            "KAFKA_SECURITY_PROTOCOL": "SSL",
            "KAFKA_SSL_CAFILE": str(files / "ca.pem"),
            "KAFKA_SSL_CERTFILE": str(files / "one.pem"),
            "KAFKA_SSL_KEYFILE": str(files / "one.key"),
        }
    )
    context = options.kafka_client("builds")["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1
    assert options.kafka_client("stats")["ssl_context"] is context


def test_a_password_reaches_the_client_and_is_shown_nowhere() -> None:
    options = of(SASL)
    assert options.kafka_client("builds")["sasl_plain_password"] == "open-sesame"
    assert "open-sesame" not in f"{options!r} {options} {options.model_dump()}"


def test_what_one_process_was_given_can_be_given_to_another() -> None:
    for variables in (SASL, OAUTH, MSK):
        assert of(variables).kafka_environment() == variables
    assert set(SECRETS) <= SASL.keys() | OAUTH.keys()


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "KAFKA_SASL_MECHANISM is needed with KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "KAFKA_SASL_MECHANISM needs KAFKA_SECURITY_PROTOCOL=SASL_SSL"),
        (SASL | {"KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM"),
        (SASL | {"KAFKA_SASL_USERNAME": ""}, "KAFKA_SASL_USERNAME is needed with KAFKA_SASL_MECHANISM=PLAIN"),
        (SASL | {"KAFKA_SASL_PASSWORD": ""}, "KAFKA_SASL_PASSWORD is needed with KAFKA_SASL_MECHANISM=PLAIN"),
        ({"KAFKA_SASL_PASSWORD": "x"}, "KAFKA_SASL_PASSWORD needs KAFKA_SASL_MECHANISM=PLAIN or SCRAM-SHA-256"),
        (OAUTH | {"KAFKA_OAUTH_TOKEN_URL": ""}, "KAFKA_OAUTH_TOKEN_URL is needed"),
        (OAUTH | {"KAFKA_OAUTH_TOKEN_URL": "login.example"}, "KAFKA_OAUTH_TOKEN_URL"),
        (OAUTH | {"KAFKA_SASL_PASSWORD": "x"}, "KAFKA_SASL_PASSWORD needs KAFKA_SASL_MECHANISM=PLAIN"),
        (MSK | {"KAFKA_AWS_REGION": ""}, "KAFKA_AWS_REGION is needed with KAFKA_SASL_MECHANISM=AWS_MSK_IAM"),
        (MSK | {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "KAFKA_SASL_MECHANISM AWS_MSK_IAM needs"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "/no/such.pem"}, "KAFKA_SSL_CAFILE there is no file"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "pyproject.toml"},
            "CAFILE .* no certificates",
        ),
        ({"KAFKA_SSL_CAFILE": "pyproject.toml"}, "KAFKA_SSL_CAFILE needs KAFKA_SECURITY_PROTOCOL=SSL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_KEYFILE": "pyproject.toml"}, "KEYFILE needs KAFKA_SSL_CERTFILE"),
    ],
)
def test_a_combination_that_cannot_work_names_the_variable_to_change(variables: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError) as raised:
        of(variables)
    assert len(raised.value.errors()) == 1
    assert re.search(fault, faults_of(raised.value))


@pytest.mark.parametrize("key", ["other.key", "ca.pem", None])
def test_a_key_that_is_not_the_certificate_s_is_refused(files: Path, key: str | None) -> None:
    variables = {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CERTFILE": str(files / "one.pem")}
    with pytest.raises(ValidationError) as raised:
        of(variables, {"KAFKA_SSL_KEYFILE": str(files / key)} if key else {})
    assert faults_of(raised.value).startswith("KAFKA_SSL_KEYFILE is not the key")


def test_a_service_ends_at_its_start_naming_the_variable_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (SASL | {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        load(ServiceSettings)
    with pytest.raises(StackError) as raised:
        load_settings()
    said = capsys.readouterr().err + str(raised.value)
    assert said.count("KAFKA_SASL_MECHANISM") >= 2
    assert "open-sesame" not in said


def test_a_service_is_told_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SASL.items():
        monkeypatch.setenv(name, value)
    assert ServiceSettings().kafka_client("builds") == of(SASL).kafka_client("builds")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_faststream_s_consumers_get_what_other_clients_get(mechanism: str, protocol: str) -> None:
    variables = SASL | {"KAFKA_SASL_MECHANISM": mechanism, "KAFKA_SECURITY_PROTOCOL": protocol}
    assert_same(of(variables, {"KAFKA_CLIENT_RACK": "a", "KAFKA_BOOTSTRAP_SERVERS": "one:1,two:2"}))


@pytest.mark.parametrize("variables", [{}, {"KAFKA_SECURITY_PROTOCOL": "SSL"}, OAUTH, MSK])
def test_faststream_s_consumers_get_tls_and_tokens_too(variables: dict[str, str]) -> None:
    assert_same(of(variables))


def assert_same(options: KafkaOptions) -> None:
    wanted = options.kafka_consumer("builds")
    broker: Any = KafkaBroker(**broker_options(wanted))
    given = broker.config.broker_config.builder.keywords
    assert given["bootstrap_servers"] == wanted.pop("bootstrap_servers").split(",")
    assert {name: given.get(name) for name in wanted} == wanted


async def test_msk_s_token_is_aws_s_signature_and_shared_by_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    options = of(MSK)
    first, second = options.kafka_client("builds"), options.kafka_consumer("builds")
    assert first["sasl_mechanism"] == "OAUTHBEARER"
    provider = first["sasl_oauth_token_provider"]
    assert isinstance(provider, AbstractTokenProvider)
    assert second["sasl_oauth_token_provider"] is provider
    token = await provider.token()
    assert len(str(token)) > 100
    assert await provider.token() == token
