"""Programs, include files and ~/.forward on the whole host: by way of Postfix
and the milter, which expand what comes out of a file once more."""

import pytest
from stage import clients, wait_for
from user import User


@pytest.fixture
def user(customer):
    return User(customer)


def send(stage, recipient, **options):
    assert stage.send([recipient], **options) == {}
    assert stage.settle() == []


def sunk_to(stage, recipient):
    return [
        mail
        for mail in clients.sunk(stage.place)
        if recipient in mail["recipients"]
    ]


def test_an_alias_runs_its_program_and_keeps_a_copy(stage, customer, user):
    user.write("take", "cat >got\n")
    robot = customer.alias("abc", "|/bin/sh take", user.name)
    send(stage, customer.address("robot", robot))
    assert "\nSubject: test\n" in (user.home / "got").read_text()
    assert len(customer.inbox(user.name)) == 1


def test_t175_the_sender_hears_what_the_program_said(stage, customer, user):
    robot = customer.alias("abc", "|/bin/sh -c 'echo left us; exit 67'")
    sender = f"ask@{customer.name}.elsewhere.example"
    send(stage, customer.address("robot", robot), sender=sender)
    [bounce] = sunk_to(stage, sender)
    assert "Status: 5.1.1" in bounce["message"]
    assert "no such user: left us" in bounce["message"].replace("\r\n ", " ")


def test_t179_members_get_it_once_and_bounces_go_to_the_owner(stage, customer, user):
    other = customer.mailbox("other")
    outside = f"m@{customer.name}.elsewhere.example"
    members = [
        customer.address("one", other),
        customer.address("two", other),  # the same mailbox
        other,  # and by its name
        outside,
        "550@world.example",
    ]
    path = user.write("members", "\n".join(members))
    everybody = customer.address(
        "all", customer.alias("abc", f":include:{path}")
    )
    sender = f"poster@{customer.name}.elsewhere.example"
    send(stage, everybody, sender=sender)
    assert len(customer.inbox(other)) == 1
    [copy] = sunk_to(stage, outside)
    assert copy["sender"] == f"{user.name}+bounces@{stage.node}"
    assert sunk_to(stage, sender) == []
    # The alias has the owner's name, and the bounce is for him all the same.
    wait_for(lambda: customer.inbox(user.name), "the bounce is there")
    [bounce] = customer.inbox(user.name)
    assert b"550@world.example" in bounce
    assert len(sunk_to(stage, outside)) == 1


def test_a_bounce_of_a_list_reaches_its_owner(stage, customer, user):
    path = user.write("members", "550@world.example\n")
    path.chmod(0o644)
    user.home.chmod(0o711)
    everybody = customer.address(
        "all", customer.alias("list", f":include:{path}")
    )
    send(stage, everybody)
    # The package's admin: no mailbox is named like the alias.
    stage.query(
        "SELECT hauspost.set_password(:'name', 'correct horse')",
        name=customer.name,
    )
    wait_for(lambda: customer.inbox(customer.name), "the bounce is there")
    [bounce] = customer.inbox(customer.name)
    assert b"550@world.example" in bounce


def test_a_forward_file_goes_on_with_a_sender_of_ours(stage, customer):
    user = User(customer, allow_forward_file="true")
    outside = f"out@{customer.name}.elsewhere.example"
    user.write(".forward", f"{outside}\n")
    info = customer.address("info", user.name)
    send(stage, info)
    [copy] = sunk_to(stage, outside)
    assert copy["sender"].endswith(f"@{customer.domain}")
    assert customer.inbox(user.name) == []


def test_a_forward_file_that_leads_back_is_a_loop(stage, customer):
    user = User(customer, allow_forward_file="true")
    info = customer.address("info", user.name)
    user.write(".forward", f"{info}\n")
    sender = f"ask@{customer.name}.elsewhere.example"
    send(stage, info, sender=sender)
    assert stage.trail(info, "refused")[0][:2] == ["554", "5.4.6"]
    assert customer.inbox(user.name) == []
