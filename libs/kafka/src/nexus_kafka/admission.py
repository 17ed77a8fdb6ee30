"""Why Kafka lets nobody in: its clients only log that, and then raise that they are unable to connect."""

import asyncio
import ssl
from typing import Any

from aiokafka import conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from nexus_kafka.options import KafkaOptions
from nexus_kafka.tokens import TokenUnavailable

LOOK_SECONDS = 3.0
_conn: Any = conn  # untyped


async def refusal(options: KafkaOptions) -> str | None:
    """Why none of the servers lets a client in; None where one does. It takes LOOK_SECONDS at most."""
    client = options.kafka_client("look")
    hosts: list[tuple[str, int, Any]] = _conn.collect_hosts(client.pop("bootstrap_servers"), randomize=False)
    reasons = await asyncio.gather(*(_refusal_of(host, port, client, options) for host, port, _ in hosts))
    return None if None in reasons else "; ".join(str(reason) for reason in reasons)


async def _refusal_of(host: str, port: int, client: dict[str, Any], options: KafkaOptions) -> str | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            connection: Any = await _conn.create_conn(host, port, **client)
            try:
                # aiokafka does not read what a broker says of a token. With a bad one the next request is answered
                # by nothing, or by the end of the connection.
                answer: Any = await connection.send(MetadataRequest([]))
            finally:
                connection.close()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the reason asked for
        return f"{host}:{port} {_reason(error, options)}"
    if not answer.brokers:
        return f"{host}:{port} {_reason(KafkaConnectionError(), options)}"
    return None


def _reason(error: Exception, options: KafkaOptions) -> str:
    mechanism, protocol = options.kafka_sasl_mechanism, options.kafka_security_protocol
    match error:
        case TokenUnavailable():
            return f"cannot be asked: {error}"
        case UnsupportedSaslMechanismError():
            return f"does not offer KAFKA_SASL_MECHANISM={mechanism}"
        case SaslAuthenticationFailed():
            return f"refuses the credentials ({mechanism}): {error}"
        case IllegalSaslStateError():
            return f"does not ask who a client is: KAFKA_SECURITY_PROTOCOL={protocol} is not what it speaks"
        case KafkaConnectionError() if mechanism in ("OAUTHBEARER", "AWS_MSK_IAM"):
            return f"refuses the token ({mechanism}), or KAFKA_SECURITY_PROTOCOL={protocol} is not what it speaks"
        case KafkaConnectionError():
            return f"closes the connection: is KAFKA_SECURITY_PROTOCOL={protocol} what it speaks?"
        case ssl.SSLError():
            return f"and this client do not agree on TLS: {error}"
        case TimeoutError():
            return f"does not answer within {LOOK_SECONDS:g} s"
        case OSError():
            return f"cannot be reached: {error}"
        case _:
            return f"does not admit this client: {error!r}"
