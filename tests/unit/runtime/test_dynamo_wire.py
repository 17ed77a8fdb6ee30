"""Calls of the database: signed as botocore does it, sent again where that may help, refused with the right error."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiobotocore.session import AioSession
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from nexus_runtime.dynamo import ConditionFailed, Database, DatabaseUnavailable, Delete, Put, Table, Where
from nexus_runtime.dynamo.expressions import names_in
from nexus_runtime.dynamo.wire import RefusedByDatabase, Signer
from nexus_runtime.process.settings import OwnerSettings

THINGS = Table("Things", "id")


class Played:
    """A database that answers from a list; the last answer again and again. `asked` is what came."""

    def __init__(self, *answers: web.Response | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers["x-amz-target"], await request.json()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            assert request.transport
            request.transport.close()
            return web.Response()
        return web.Response(status=answer.status, body=answer.body)


def refusal(code: str, status: int = 400, **more: Any) -> web.Response:
    return web.json_response({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **more}, status=status)


@asynccontextmanager
async def connected(played: Played) -> AsyncGenerator[Database]:
    app = web.Application()
    app.router.add_post("/", played.answer)
    async with TestServer(app) as server:
        session = AioSession()
        session.set_credentials("key", "secret")
        database = Database(OwnerSettings(dynamodb_endpoint_url=str(server.make_url("/"))))
        await database.start(session)
        try:
            yield database
        finally:
            await database.stop()


@pytest.mark.parametrize("token", [None, "a-session-token"])
def test_a_request_is_signed_as_botocore_signs_it(token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI", token)
    body, now = b'{"TableName":"T"}', time.gmtime()
    signer = Signer("dynamodb.eu-west-1.amazonaws.com", "eu-west-1")
    headers = signer.headers("GetItem", body, credentials, now)
    names = ("content-type", "x-amz-target")
    theirs = AWSRequest(
        "POST", "https://dynamodb.eu-west-1.amazonaws.com/", {name: headers[name] for name in names}, body
    )
    stamp = headers["x-amz-date"]
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: time_of(stamp))
    SigV4Auth(credentials, "dynamodb", "eu-west-1").add_auth(theirs)
    assert headers["authorization"] == theirs.headers["Authorization"]
    assert signer.headers("GetItem", body, credentials, now) == headers


def time_of(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


async def test_a_transaction_whose_answer_was_lost_is_sent_again_as_the_same() -> None:
    played = Played(None, web.json_response({}))
    async with connected(played) as database:
        await database.write(Put(THINGS, {"id": "a"}), Put(THINGS, {"id": "b"}))
    (first, one), (second, other) = played.asked
    assert first == second == "DynamoDB_20120810.TransactWriteItems"
    assert one["ClientRequestToken"]
    assert one == other


async def test_two_transactions_are_two() -> None:
    played = Played(web.json_response({}))
    async with connected(played) as database:
        await database.write(Put(THINGS, {"id": "a"}), Put(THINGS, {"id": "b"}))
        await database.write(Put(THINGS, {"id": "a"}), Put(THINGS, {"id": "b"}))
    assert played.asked[0][1]["ClientRequestToken"] != played.asked[1][1]["ClientRequestToken"]


@pytest.mark.parametrize(
    "passing", [refusal("ProvisionedThroughputExceededException"), refusal("InternalServerError", 500)]
)
async def test_a_database_that_is_busy_is_asked_again(passing: web.Response) -> None:
    played = Played(passing, web.json_response({"Item": {"id": {"S": "a"}, "n": {"N": "3"}, "b": {"B": "AAE="}}}))
    async with connected(played) as database:
        assert await database.get(THINGS, {"id": "a"}) == {"id": "a", "n": 3, "b": b"\0\1"}
    assert len(played.asked) == 2


@pytest.mark.parametrize("lasting", [None, refusal("ThrottlingException"), web.Response(status=503, body=b"<html>")])
async def test_a_database_that_stays_busy_or_silent_is_unavailable(lasting: web.Response | None) -> None:
    played = Played(lasting)
    async with connected(played) as database:
        with pytest.raises(DatabaseUnavailable):
            await database.get(THINGS, {"id": "a"})
    assert len(played.asked) == 3


async def test_conditions_that_failed_are_named_by_their_place() -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "no"}]
    played = Played(refusal("TransactionCanceledException", Message="cancelled", CancellationReasons=reasons))
    absent = Where(absent="id")
    async with connected(played) as database:
        with pytest.raises(ConditionFailed) as failed:
            await database.write(Put(THINGS, {"id": "a"}), Put(THINGS, {"id": "b"}, where=absent))
    assert failed.value.failed == {1}
    assert len(played.asked) == 1


async def test_one_write_is_no_transaction_and_its_condition_is_the_first() -> None:
    played = Played(refusal("ConditionalCheckFailedException"))
    async with connected(played) as database:
        with pytest.raises(ConditionFailed) as failed:
            await database.write(Delete(THINGS, {"id": "a"}, where=Where(equal={"n": 1})))
    assert failed.value.failed == {0}
    assert [target for target, _ in played.asked] == ["DynamoDB_20120810.DeleteItem"]


async def test_what_is_our_own_fault_is_told_once_as_the_database_tells_it() -> None:
    played = Played(refusal("ValidationException", message="no such attribute"))
    async with connected(played) as database:
        with pytest.raises(RefusedByDatabase, match="ValidationException: no such attribute"):
            await database.get(THINGS, {"id": "a"})
    assert len(played.asked) == 1


async def test_without_credentials_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(web.json_response({}))
    async with connected(played) as database:
        bare = AioSession()
        monkeypatch.setattr(bare, "get_credentials", no_credentials)
        other = Database(database._settings)  # pyright: ignore[reportPrivateUsage]
        await other.start(bare)
        with pytest.raises(DatabaseUnavailable):
            await other.ping()
        await other.stop()
    assert json.dumps(played.asked) == "[]"


async def no_credentials() -> None:
    return None


async def test_a_table_that_is_gone_is_dropped_and_one_that_cannot_be_reached_is_not() -> None:
    async with connected(Played(refusal("ResourceNotFoundException"))) as database:
        await database.drop(THINGS)
    async with connected(Played(refusal("InternalServerError", 500))) as database:
        with pytest.raises(DatabaseUnavailable):
            await database.drop(THINGS)


async def test_what_runs_on_this_machine_is_not_looked_for_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with connected(Played(web.json_response({"TableNames": []}))) as database:
        await database.ping()


async def test_a_new_table_that_the_database_does_not_know_yet_is_waited_for() -> None:
    made, active = web.json_response({}), web.json_response({"Table": {"TableStatus": "ACTIVE"}})
    played = Played(made, refusal("ResourceNotFoundException"), active)
    async with connected(played) as database:
        await database.create(THINGS)
    assert [target.rpartition(".")[2] for target, _ in played.asked] == [
        "CreateTable",
        "DescribeTable",
        "DescribeTable",
    ]


async def test_an_expiry_that_is_set_already_is_right_and_one_that_is_refused_is_told() -> None:
    table, active = Table("Passing", "id", ttl=True), web.json_response({"Table": {"TableStatus": "ACTIVE"}})
    made = web.json_response({})
    async with connected(Played(made, active, refusal("ValidationException"))) as database:
        await database.create(table)
    async with connected(Played(made, active, refusal("AccessDeniedException"))) as database:
        with pytest.raises(RefusedByDatabase, match="AccessDenied"):
            await database.create(table)


def test_of_a_slow_call_tables_and_names_of_keys_are_told_and_no_values() -> None:
    key = {"project_id": {"S": "proj_secret"}}
    put = {"Put": {"TableName": "AgentProjects", "Item": {"secret": {"S": "x"}}}}
    change = {"TransactItems": [put, {"Delete": {"TableName": "BuildsOutbox", "Key": key}}]}
    query = {"TableName": "BuildsHistory", "ExpressionAttributeNames": {"#p": "aggregate"}}
    assert names_in(change) == (["AgentProjects", "BuildsOutbox"], ["project_id"])
    assert names_in(query) == (["BuildsHistory"], ["aggregate"])
    assert names_in({"RequestItems": {"StatsSeen.1": {}}}) == (["StatsSeen.1"], [])
