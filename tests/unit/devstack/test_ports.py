"""Free ports are free, taken ones are named."""

import socket

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK, free_port, is_free, require_free


def test_a_free_port_can_be_listened_on_and_is_not_given_twice() -> None:
    first, second = free_port(), free_port()
    assert first != second
    with socket.create_server((LOOPBACK, first)):
        assert not is_free(first)
        assert is_free(second)


def test_every_taken_port_is_named_with_its_setting() -> None:
    taken, free = free_port(), free_port()
    with socket.create_server((LOOPBACK, taken)), pytest.raises(StackError) as raised:
        require_free({"GATEWAY_PORT": taken, "BUILDS_PORT": free})
    assert f"{taken} (GATEWAY_PORT)" in str(raised.value)
    assert "BUILDS_PORT" not in str(raised.value)


def test_free_ports_pass() -> None:
    require_free({"GATEWAY_PORT": free_port()})
