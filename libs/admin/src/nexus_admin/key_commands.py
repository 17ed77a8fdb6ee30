"""The command about API keys."""

import os
from typing import Annotated

import typer

from nexus_admin.commands import Json
from nexus_admin.installation import endpoints
from nexus_admin.output import Output
from nexus_devstack.errors import StackError
from nexus_devstack.settings import load_settings

keys = typer.Typer(no_args_is_help=True, help="API keys of the gateway.")


@keys.command("create")
def create_key(
    *,
    tenant: Annotated[str, typer.Option()],
    user: Annotated[str, typer.Option(help="on whose behalf it acts")],
    name: Annotated[str, typer.Option(help="what it is for")],
    scope: Annotated[list[str], typer.Option(help="may be given several times")],
    project: Annotated[str | None, typer.Option(help="the only project that it is good for")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it: the first of a tenant, whose admins make all others over REST."""
    # Here, as it imports the service: a command that only explains itself does not wait for that.
    from nexus_gateway.access.cli import created

    for variable, value in endpoints(load_settings()).environment().items():
        os.environ.setdefault(variable, value)
    try:
        made = created(tenant, user, name, scope, project)
    except ValueError as error:
        raise StackError(str(error)) from None
    Output(as_json=as_json).outcome(made, key=made)
