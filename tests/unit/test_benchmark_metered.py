"""The units of DynamoDB that a benchmark counts."""

from typing import Any

from benchmarks.runner.metered import Tally, size_of


def item(size: int) -> dict[str, Any]:
    """An item of that many bytes."""
    return {"id": {"S": "x" * (size - 2)}}


def test_an_item_has_the_bytes_of_its_names_and_values() -> None:
    assert size_of(item(100)) == 100
    assert size_of({"n": {"N": "1234"}, "b": {"B": "AAAA"}, "t": {"BOOL": True}}) == 4 + 4 + 2
    assert size_of({"l": {"L": [{"S": "ab"}]}, "m": {"M": {"k": {"S": "é"}}}}) == 1 + 3 + 3 + 1 + 3 + 1 + 3


def test_writes_are_billed_by_started_kilobytes_and_twice_in_a_transaction() -> None:
    tally = Tally("")
    tally.count("PutItem", {"TableName": "T", "Item": item(1025)}, {})
    actions = [{"Put": {"TableName": "T", "Item": item(1024)}}, {"Delete": {"TableName": "U", "Key": item(9)}}]
    tally.count("TransactWriteItems", {"TransactItems": actions}, {})
    tally.count("BatchWriteItem", {"RequestItems": {"U": [{"DeleteRequest": {"Key": item(9)}}]}}, {})
    assert (tally.writes["T"], tally.writes["U"]) == (4, 3)


def test_reads_are_billed_by_started_4_kilobytes_of_what_was_found() -> None:
    tally = Tally("")
    tally.count("GetItem", {"TableName": "T"}, {"Item": item(4097)})
    tally.count("GetItem", {"TableName": "T"}, {})
    tally.count("Query", {"TableName": "T"}, {"Items": [item(3000), item(3000)]})
    tally.count("BatchGetItem", {}, {"Responses": {"T": [item(10), item(5000)]}})
    assert tally.reads["T"] == 2 + 1 + 2 + 3
