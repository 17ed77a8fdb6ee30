"""`nexus-admin`: the operator's tool. `.env` of the current folder is read first, as by `make run`."""

import sys

import typer

from nexus_admin.commands import back_up, blobs, doctor, partitions, restore, stats, tables, topics
from nexus_admin.key_commands import keys
from nexus_admin.letter_commands import letters
from nexus_devstack.errors import StackError
from nexus_devstack.settings import load_environment
from nexus_runtime.process import log

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Looks after an installation of the platform: by default the one on this machine.",
)
app.add_typer(topics, name="topics")
app.add_typer(tables, name="tables")
app.add_typer(letters, name="letters")
app.add_typer(partitions, name="partitions")
app.add_typer(stats, name="stats")
app.add_typer(blobs, name="blobs")
app.add_typer(keys, name="keys")
app.command("doctor")(doctor)
app.command("backup")(back_up)
app.command("restore")(restore)


def main() -> None:
    """Runs a command; an error is one clear line on stderr, and exit status 1."""
    load_environment()
    log.silence()
    try:
        app()
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
