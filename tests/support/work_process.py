"""A process that takes up long work and never ends it: `python -m tests.support.work_process <number>`."""

import asyncio
import sys

from tests.support.eventually import eventually
from tests.support.work_world import World

from nexus_runtime.dynamo import Database
from nexus_runtime.process.settings import OwnerSettings

AT_ONCE = 32


async def main(number: int) -> None:
    database = Database(OwnerSettings())
    await database.start()
    owner = await World(database, look_seconds=1.0).start(at_once=AT_ONCE, waiting=number)
    await eventually(lambda: owner.registration.name)
    await asyncio.gather(*(owner.send(f"e{one}") for one in range(number)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
