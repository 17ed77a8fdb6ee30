"""The options of a consumer in FastStream's terms: it accepts security only as an object."""

from collections.abc import Mapping
from typing import Any

from faststream.security import BaseSecurity, SASLOAuthBearer, SASLPlaintext, SASLScram256, SASLScram512

_BY_NAME_AND_PASSWORD: Mapping[str, type[Any]] = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}


def broker_options(client: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of KafkaBroker, from those of aiokafka's clients (`KafkaOptions.kafka_consumer`)."""
    options = dict(client)
    servers = options.pop("bootstrap_servers").split(",")  # FastStream takes a string for one address
    user, password = options.pop("sasl_plain_username", None), options.pop("sasl_plain_password", None)
    tls = {"ssl_context": options.pop("ssl_context"), "use_ssl": options.pop("security_protocol").endswith("SSL")}
    match options.pop("sasl_mechanism", None):
        case None:
            security = BaseSecurity(**tls)
        case "OAUTHBEARER":
            security = SASLOAuthBearer(**tls)
        case mechanism:
            security = _BY_NAME_AND_PASSWORD[mechanism](user, password, **tls)
    return {**options, "bootstrap_servers": servers, "security": security}
