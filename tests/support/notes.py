"""A small table, and what a test of a database does with it."""

from typing import Any

import aioboto3

from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Table

NOTES = Table("Notes", "note_id", "sequence", "N", ttl=True)
KEY = {"note_id": {"S": "a"}, "sequence": {"N": "1"}}


def database(stack: Stack) -> Any:
    """A client of the stack's database, to be entered."""
    session: Any = aioboto3.Session()
    environment = stack.endpoints.environment()
    return session.client(
        "dynamodb",
        region_name=environment["AWS_REGION"],
        endpoint_url=environment["DYNAMODB_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


async def count_a_run(stack: Stack) -> int:
    """Adds one to a counter that the database keeps; the table must exist."""
    async with database(stack) as client:
        answer = await client.update_item(
            TableName=NOTES.name,
            Key=KEY,
            UpdateExpression="ADD #n :one",
            ExpressionAttributeNames={"#n": "runs"},
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )
    return int(answer["Attributes"]["runs"]["N"])
