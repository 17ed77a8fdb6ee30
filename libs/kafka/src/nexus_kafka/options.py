"""The options that all clients share: addresses, TLS, SASL, client id and rack. Nothing else knows them."""

import ssl
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from nexus_kafka.tokens import Tokens

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"]
_TLS_FILES = ("kafka_ssl_cafile", "kafka_ssl_certfile", "kafka_ssl_keyfile")
_NAME_AND_PASSWORD = {"kafka_sasl_username": True, "kafka_sasl_password": True}
_CREDENTIALS: Mapping[str, Mapping[str, bool]] = {
    "PLAIN": _NAME_AND_PASSWORD,
    "SCRAM-SHA-256": _NAME_AND_PASSWORD,
    "SCRAM-SHA-512": _NAME_AND_PASSWORD,
    "OAUTHBEARER": {
        "kafka_oauth_token_url": True,
        "kafka_oauth_client_id": True,
        "kafka_oauth_client_secret": True,
        "kafka_oauth_scope": False,
    },
    "AWS_MSK_IAM": {"kafka_aws_region": True},
}
"""By mechanism the options that it uses, and whether it cannot do without."""
_ALL_CREDENTIALS = tuple({name: None for used in _CREDENTIALS.values() for name in used})


def _wrong(why: str) -> PydanticCustomError:
    return PydanticCustomError("kafka_option", "{why}", {"why": why})


def _file(path: Path) -> Path:
    if not path.is_file():
        raise _wrong(f"there is no file {path}")
    return path


ExistingFile = Annotated[Path, AfterValidator(_file)]


class KafkaOptions(BaseModel):
    """Named as their environment variables. A combination that cannot work is an error at the variable to change."""

    # Without `hide_input_in_errors` the text of an error would show a password.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, validate_default=True)

    kafka_bootstrap_servers: str = Field(
        default="127.0.0.1:9092", min_length=1, description="host:port, separated by commas"
    )
    kafka_client_id_prefix: str = Field(default="nexus-", description="prefix of every client's id")
    kafka_client_rack: str | None = Field(default=None, description="consumers prefer replicas in this rack or zone")
    # The order matters: what a validator looks at stands before its own field.
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_ssl_cafile: ExistingFile | None = Field(default=None, description="PEM; None: what the system trusts")
    kafka_ssl_certfile: ExistingFile | None = Field(default=None, description="PEM, the client's own certificate")
    kafka_ssl_keyfile: ExistingFile | None = Field(default=None, description="PEM, not encrypted")
    kafka_sasl_mechanism: Mechanism | None = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_oauth_token_url: Annotated[str, Field(pattern="^https?://")] | None = None
    kafka_oauth_client_id: str | None = None
    kafka_oauth_client_secret: SecretStr | None = None
    kafka_oauth_scope: str | None = None
    kafka_aws_region: str | None = Field(default=None, description="of the MSK cluster")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **chosen: str) -> Self:
        """The options that the variables name; `chosen` go before them. Raises ValidationError."""
        named = {name: environment.get(name.upper()) for name in KafkaOptions.model_fields}
        return cls.model_validate({name: value for name, value in named.items() if value} | chosen)

    def kafka_environment(self) -> dict[str, str]:
        """The variables that give these options to another process, those of SECRETS among them."""
        given = {name: getattr(self, name) for name in KafkaOptions.model_fields if name in self.model_fields_set}
        return {name.upper(): _plain(value) for name, value in given.items() if value is not None}

    @field_validator(*_TLS_FILES)
    @classmethod
    def _only_with_tls(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        protocol = info.data.get("kafka_security_protocol", "SSL")
        if value is not None and not protocol.endswith("SSL"):
            raise _wrong(f"needs KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL, not {protocol}")
        return value

    @field_validator("kafka_ssl_keyfile")
    @classmethod
    def _only_with_a_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("kafka_ssl_certfile", value) is None:
            raise _wrong("needs KAFKA_SSL_CERTFILE")
        return value

    @field_validator("kafka_ssl_cafile")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
            except OSError as error:
                raise _wrong(f"{value} holds no certificates that can be read: {error}") from None
        return value

    @field_validator("kafka_ssl_keyfile")
    @classmethod
    def _key_of_the_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        certificate = info.data.get("kafka_ssl_certfile")
        if certificate is not None:
            try:
                _load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, value)
            except OSError as error:
                raise _wrong(
                    f"is not the key, without a password, of KAFKA_SSL_CERTFILE={certificate}: {error}"
                ) from None
        return value

    @field_validator("kafka_sasl_mechanism")
    @classmethod
    def _only_with_sasl(cls, value: Mechanism | None, info: ValidationInfo) -> Mechanism | None:
        protocol = info.data.get("kafka_security_protocol")
        if protocol is None:
            return value
        if value is None and protocol.startswith("SASL"):
            raise _wrong(f"is needed with KAFKA_SECURITY_PROTOCOL={protocol}")
        if value is not None and not protocol.startswith("SASL"):
            raise _wrong(f"needs KAFKA_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT, not {protocol}")
        if value == "AWS_MSK_IAM" and protocol != "SASL_SSL":
            raise _wrong("AWS_MSK_IAM needs KAFKA_SECURITY_PROTOCOL=SASL_SSL")
        return value

    @field_validator(*_ALL_CREDENTIALS)
    @classmethod
    def _of_the_mechanism(cls, value: object, info: ValidationInfo) -> object:
        if "kafka_sasl_mechanism" not in info.data:
            return value
        mechanism = info.data["kafka_sasl_mechanism"]
        used = _CREDENTIALS.get(mechanism, {})
        if value is None and used.get(str(info.field_name)):
            raise _wrong(f"is needed with KAFKA_SASL_MECHANISM={mechanism}")
        if value is not None and info.field_name not in used:
            uses = " or ".join(name for name, its in _CREDENTIALS.items() if info.field_name in its)
            raise _wrong(f"needs KAFKA_SASL_MECHANISM={uses}")
        return value

    def kafka_client(self, name: str) -> dict[str, Any]:
        """The options of any client of aiokafka's; `name` is what it is called after the prefix."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.kafka_bootstrap_servers,
            "client_id": self.kafka_client_id_prefix + name,
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": self._tls,
        }
        if self.kafka_sasl_username is not None and self.kafka_sasl_password is not None:
            options["sasl_plain_username"] = self.kafka_sasl_username
            options["sasl_plain_password"] = self.kafka_sasl_password.get_secret_value()
        if self._tokens is not None:
            return options | {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": self._tokens}
        if self.kafka_sasl_mechanism is not None:
            options["sasl_mechanism"] = self.kafka_sasl_mechanism
        return options

    def kafka_consumer(self, name: str) -> dict[str, Any]:
        """Those of a consumer, which also knows its rack."""
        return {**self.kafka_client(name), "client_rack": self.kafka_client_rack}

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        if not self.kafka_security_protocol.endswith("SSL"):
            return None
        context = ssl.create_default_context(cafile=self.kafka_ssl_cafile)
        if self.kafka_ssl_certfile is not None:
            _load_certificate(context, self.kafka_ssl_certfile, self.kafka_ssl_keyfile)
        return context

    @cached_property
    def _tokens(self) -> "Tokens | None":
        """One for all clients of these options, so that they share a token as long as it lives."""
        # Here, as it imports Kafka's client: a command that only explains itself does not wait for that.
        from nexus_kafka.tokens import Tokens, client_credentials, msk_iam

        url, client, secret = self.kafka_oauth_token_url, self.kafka_oauth_client_id, self.kafka_oauth_client_secret
        if url is not None and client is not None and secret is not None:
            return Tokens(client_credentials(url, client, secret, self.kafka_oauth_scope))
        return Tokens(msk_iam(self.kafka_aws_region)) if self.kafka_aws_region is not None else None


SECRETS = ("KAFKA_SASL_PASSWORD", "KAFKA_OAUTH_CLIENT_SECRET")
"""The variables that are never shown."""


def faults_of(error: ValidationError) -> str:
    """One line that names each variable; without their values."""
    return "; ".join(f"{str(fault['loc'][0]).upper()} {fault['msg']}" for fault in error.errors())


def _load_certificate(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    # OpenSSL asks on the terminal for the password of an encrypted key, and waits, unless one is given.
    context.load_cert_chain(certificate, key, password="")


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
