"""Domains whose mail is passed on: to their own server, or to a named one."""

import contextlib

import pytest

from stage import clients, wait_for
from stage.place import free_ports
from stage.process import Process


def sent_to(stage, recipient):
    return [kept for kept in clients.sunk(stage.place)
            if recipient in kept["recipients"]]


@contextlib.contextmanager
def named_server(stage, port):
    """A second server of the world, at this port only."""
    server = Process(stage.place, "named-server")
    stage.start_sink(server, port)
    try:
        yield
    finally:
        server.stop()


@pytest.fixture
def port():
    return free_ports(["server"])["server"]


def test_t155_a_backup_domain_goes_to_its_own_server(stage, customer):
    domain = customer.add_domain("backup", mode="backup")
    recipient = f"anybody@{domain}"
    assert stage.send([recipient]) == {}
    assert stage.settle() == []
    [kept] = sent_to(stage, recipient)
    assert kept["sender"] == "anna@world.example"  # not ours to rewrite


def test_t156_a_relayed_domain_waits_for_its_server(stage, customer, port):
    domain = customer.add_domain(
        "relay", mode="relay", next_hop=f"[127.0.0.1]:{port}"
    )
    recipient = f"anybody@{domain}"
    assert stage.send([recipient]) == {}
    [waiting] = stage.settle()
    assert waiting["recipients"][0]["address"] == recipient
    with named_server(stage, port):
        stage.postfix.flush()
        wait_for(lambda: stage.postfix.queue() == [], "it is delivered")
    assert len(sent_to(stage, recipient)) == 1


def test_a_subdomain_of_a_backup_domain_is_nobodys(stage, customer):
    domain = customer.add_domain("backup", mode="backup")
    recipient = f"anybody@sub.{domain}"
    assert stage.send([recipient])[recipient].startswith("554 5.7.1")
