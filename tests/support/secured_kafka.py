"""A Kafka of the JVM's provider that lets in only who proves who they are: by password, by token, by certificate."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from aiohttp import encode_basic_auth, web
from cryptography.hazmat.primitives import serialization

from nexus_devstack.console import Console
from nexus_devstack.ports import LOOPBACK, free_port
from nexus_devstack.program import Program
from nexus_devstack.providers.jvm.child import run_to_end
from nexus_devstack.providers.jvm.jars import jars_folder
from nexus_devstack.providers.jvm.java import Machine, environment, java_program
from nexus_devstack.providers.jvm.kafka import Broker, in_cluster, new_cluster_id, properties, write_properties
from nexus_devstack.providers.jvm.provider import START_SECONDS
from nexus_devstack.settings import load_settings
from nexus_devstack.supervisor import Supervisor

USER, LATE, PASSWORD = "alice", "late", "open-sesame"
"""Tokens given to LATE have ended."""
BY_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
WAYS = (*BY_PASSWORD, "OAUTHBEARER", "certificate")
LOGIN_MODULES = {
    "plain": f'plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
    "scram-sha-256": "scram.ScramLoginModule required;",
    "scram-sha-512": "scram.ScramLoginModule required;",
    "oauthbearer": 'oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
}


@dataclass(frozen=True)
class SecuredKafka:
    """`plain` is its listener that asks nothing."""

    files: Path
    plain: str
    sasl: str
    mutual: str
    token_url: str

    def variables(self, way: str, secret: str = PASSWORD) -> dict[str, str]:
        """The settings of a client that comes this way; with another secret it is nobody."""
        trusted = {"KAFKA_SSL_CAFILE": str(self.files / "ca.pem")}
        if way == "certificate":
            name = "client" if secret == PASSWORD else "stranger"
            own = {"KAFKA_SSL_CERTFILE": f"{self.files}/{name}.pem", "KAFKA_SSL_KEYFILE": f"{self.files}/{name}.key"}
            return {"KAFKA_BOOTSTRAP_SERVERS": self.mutual, "KAFKA_SECURITY_PROTOCOL": "SSL", **trusted, **own}
        shown = {"KAFKA_SASL_USERNAME": USER, "KAFKA_SASL_PASSWORD": secret}
        if way == "OAUTHBEARER":
            shown = {
                "KAFKA_OAUTH_TOKEN_URL": self.token_url,
                "KAFKA_OAUTH_CLIENT_ID": USER,
                "KAFKA_OAUTH_CLIENT_SECRET": secret,
                "KAFKA_OAUTH_SCOPE": "kafka",
            }
        protocol = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": way}
        return {"KAFKA_BOOTSTRAP_SERVERS": self.sasl, **protocol, **trusted, **shown}


@asynccontextmanager
async def secured_kafka(folder: Path) -> AsyncGenerator[SecuredKafka]:
    """One broker; everything it keeps and shows is in `folder`."""
    broker, supervisor = Broker(1, free_port(), free_port()), Supervisor(Console())
    files, ports = folder / "tls", (free_port(), free_port())
    write_certificates(files)
    machine = Machine(java_program(), jars_folder(load_settings().cache_dir), folder / "logs", folder / "scratch")
    machine.prepare()
    config = write_properties(folder / "broker.properties", secured(broker, folder / "kept", files, ports))
    await format_with_users(machine, config)
    argv = machine.command("kafka", "kafka", 320, "INFO", "kafka.Kafka", str(config))
    program = Program("kafka", lambda: argv, environment(), in_cluster(broker, [broker]))
    async with token_server() as token_url:
        try:
            await supervisor.start([program], START_SECONDS)
            sasl, mutual = (f"{LOOPBACK}:{port}" for port in ports)
            yield SecuredKafka(files, broker.address, sasl, mutual, token_url)
        finally:
            await supervisor.stop(["kafka"])


def secured(broker: Broker, folder: Path, files: Path, ports: tuple[int, int]) -> dict[str, str]:
    """The provider's own configuration, and two listeners more."""
    own = properties(broker, [broker], folder)
    more = f"SASL://{LOOPBACK}:{ports[0]},MUTUAL://{LOOPBACK}:{ports[1]}"
    mechanisms = {
        f"listener.name.sasl.{name}.sasl.jaas.config": f"org.apache.kafka.common.security.{module}"
        for name, module in LOGIN_MODULES.items()
    }
    return {
        **own,
        "listeners": f"{own['listeners']},{more}",
        "advertised.listeners": f"{own['advertised.listeners']},{more}",
        "listener.security.protocol.map": f"{own['listener.security.protocol.map']},SASL:SASL_SSL,MUTUAL:SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": f"{files}/broker.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": f"{files}/ca.pem",
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.sasl.sasl.enabled.mechanisms": ",".join(name.upper() for name in LOGIN_MODULES),
        **mechanisms,
    }


def write_certificates(files: Path) -> None:
    """An authority, what it gave to the broker and to a client, and a stranger whom it does not know."""
    files.mkdir(parents=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(files / "ca.pem")
    for name, ca in (("broker", authority), ("client", authority), ("stranger", trustme.CA())):
        given = ca.issue_cert(LOOPBACK, common_name=name)
        given.cert_chain_pems[0].write_to_path(files / f"{name}.pem")
        given.private_key_pem.write_to_path(files / f"{name}.key")
    # Java reads PKCS #8 only.
    key = serialization.load_pem_private_key((files / "broker.key").read_bytes(), None)
    pkcs8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (files / "broker.pem").write_bytes(key.private_bytes(*pkcs8) + (files / "broker.pem").read_bytes())


async def format_with_users(machine: Machine, config: Path) -> None:
    """SCRAM's passwords are in the cluster's own metadata."""
    tool = machine.command("kafka", "kafka-storage", 128, "WARN", "kafka.tools.StorageTool")
    users = [part for name in BY_PASSWORD[1:] for part in ("--add-scram", f"{name}=[name={USER},password={PASSWORD}]")]
    said: list[str] = []
    argv = [*tool, "format", "--cluster-id", new_cluster_id(), "--config", str(config), *users]
    assert await run_to_end(argv, environment(), said.append) == 0, said


@asynccontextmanager
async def token_server() -> AsyncGenerator[str]:
    """Its URL: RFC 6749's client credentials, for one client."""

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        lives = {encode_basic_auth(USER, PASSWORD): 300, encode_basic_auth(LATE, PASSWORD): -300}
        shown = request.headers.get("Authorization", "")
        if shown not in lives:
            return web.json_response({"error": "invalid_client"}, status=401)
        assert dict(form) == {"grant_type": "client_credentials", "scope": "kafka"}
        now = int(time.time())
        claims = {"sub": USER, "iat": now, "exp": now + lives[shown], "scope": "kafka"}
        return web.json_response({"access_token": unsecured(claims), "expires_in": 300, "token_type": "Bearer"})

    app, port = web.Application(), free_port()
    app.router.add_post("/token", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield f"http://{LOOPBACK}:{port}/token"
    finally:
        await runner.cleanup()


def unsecured(claims: Mapping[str, str | int]) -> str:
    """A JWT without a signature: Kafka takes it where nobody told it of an issuer's keys."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
    return "".join(f"{part.decode().rstrip('=')}." for part in parts)
