"""Assembles the gateway."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from nexus_contracts.topics import AGENTS_STREAMS, BUILDS_EVENTS, Topic
from nexus_gateway.access.concurrency import Concurrency
from nexus_gateway.access.identity import Authenticating, NoAuthentication
from nexus_gateway.access.keys import Keys
from nexus_gateway.access.rates import Rates
from nexus_gateway.audit import AuditTrail
from nexus_gateway.commands import Commands
from nexus_gateway.cross_origin import add_cross_origin
from nexus_gateway.cursors import Cursors
from nexus_gateway.dependencies import Gateway
from nexus_gateway.failures import add_failure_answers
from nexus_gateway.middleware import AnswerMiddleware
from nexus_gateway.openapi.document import add_document
from nexus_gateway.operations import Operations
from nexus_gateway.own_database import OwnDatabase
from nexus_gateway.owners import HttpOwners
from nexus_gateway.pages import add_pages
from nexus_gateway.readiness import SECONDS, Readiness
from nexus_gateway.reads import Reads
from nexus_gateway.routes import (
    agent_changes,
    agents,
    audit,
    builds,
    dialog,
    keys,
    legacy,
    packages,
    projects,
    reports,
    sessions,
    statistics,
)
from nexus_gateway.routes import operations as operations_of_callers
from nexus_gateway.routes.health import plain_routes
from nexus_gateway.settings import GatewaySettings
from nexus_gateway.shedding import LoadShedder
from nexus_gateway.sources import INVOCATIONS
from nexus_gateway.streams import Streams
from nexus_gateway.system_health import HealthOfSystem
from nexus_gateway.uploads import Uploads
from nexus_runtime.dynamo import Database
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.dead_letters import DeadLetters
from nexus_runtime.kafka.pace import CALM, PROMPT, Rests
from nexus_runtime.kafka.reader import Tap
from nexus_runtime.kafka.replies import ReplyDesk
from nexus_runtime.kafka.requests import Requests
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import NO_TELEMETRY, Part, running
from nexus_runtime.process.settings import VERSION

HEARD_LOOK_SECONDS = 0.2
"""How often followed invocations are checked while notices may be missed; else a tenth as often."""


def create_app(settings: GatewaySettings) -> FastAPI:
    """The service as it runs: broker, replies and owners connect when the application starts."""
    bus = Bus(settings, "gateway")
    desk = ReplyDesk(settings, bus)
    owners = HttpOwners(settings)

    streams = Streams(owners, lambda: tap.listening)
    tap = _tap(settings, bus, BUILDS_EVENTS, CALM, streams)
    said = Streams(
        owners, lambda: heard.listening, INVOCATIONS, lambda: heard.hasten(), look_seconds=HEARD_LOOK_SECONDS
    )
    heard = _tap(settings, bus, AGENTS_STREAMS, PROMPT, said)
    reads = Reads(owners, Cursors(settings.cursor_secret.get_secret_value()))
    database = OwnDatabase(settings)
    known_keys = _keys(settings, database)
    readiness = Readiness(bus, desk, owners, database if known_keys else None)
    health = Health(
        needed={},
        shown=readiness.shown(),
        alive=lambda: desk.alive() and tap.alive() and heard.alive(),
        enough=readiness.enough(),
        seconds=SECONDS,
    )
    operations = Operations(owners, settings.cursor_secret.get_secret_value())
    commands = Commands(bus, Requests(bus, desk, keep=settings.kafka_volatile), owners, operations, settings)
    letters = DeadLetters(settings)
    health_of_system = HealthOfSystem(owners, letters)
    rates = Rates(settings)
    gateway = Gateway(
        _authentication(settings, known_keys),
        rates,
        Concurrency(settings),
        known_keys,
        commands,
        reads,
        owners,
        streams,
        said,
        health_of_system,
        Uploads(owners),
        operations,
        AuditTrail(owners, known_keys),
        settings,
    )
    stores = [database] if known_keys else []
    return http_app(gateway, health, [*stores, rates, bus, desk, owners, letters, streams, tap, said, heard])


def _tap(settings: GatewaySettings, bus: Bus, topic: Topic, rests: Rests, streams: Streams) -> Tap:
    """Tells the streams where there is news."""
    partitions = range(topic.partitions)
    return Tap(settings, bus, topic, partitions, streams.notice, rests=rests, awaited=lambda: streams.followed)


def _keys(settings: GatewaySettings, database: Database) -> Keys | None:
    if settings.authentication == "off" or settings.identity_secret is None:
        return None
    return Keys(database, settings.identity_secret, utc_now)


def _authentication(settings: GatewaySettings, keys: Keys | None) -> Authenticating:
    if keys is None:
        return NoAuthentication()
    # Here, because these imports (cryptography among them) are an eighth of the gateway's start.
    from nexus_gateway.access.credentials import Credentials
    from nexus_gateway.access.tokens import BearerTokens

    return Credentials(keys, BearerTokens.of(settings), utc_now)


def http_app(gateway: Gateway, health: Health, parts: Sequence[Part] = ()) -> FastAPI:
    """The HTTP side over `gateway`; `parts` live as long as it does."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with running(parts):
            yield

    app = FastAPI(
        title="Nexus-AI Platform",
        version=VERSION,
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.gateway = gateway
    app.state.health = health
    add_cross_origin(app, gateway.settings.origins)
    app.state.shedder = LoadShedder(gateway.settings.max_requests, gateway.settings.origins)
    app.add_middleware(AnswerMiddleware, shedder=app.state.shedder)
    if gateway.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=gateway.settings.trusted_proxies)
    add_failure_answers(app)
    documented = (projects, builds, reports, packages, legacy, agents, agent_changes, sessions, dialog, statistics)
    for part in (*documented, operations_of_callers, audit, keys):
        app.router.routes.extend(part.router.routes)
    app.router.routes.extend(plain_routes(health).routes)
    add_pages(app)
    add_document(app)
    return app
