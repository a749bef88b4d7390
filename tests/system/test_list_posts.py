"""Posts as rows: numbers, groups of members, tokens, what a crash leaves."""

import psycopg2
import pytest

NODE = "h01.hosting.example"


@pytest.fixture
def news(directory):
    directory.insert("list", name="news", domain="example.org", package="xyz00")
    return directory.one("SELECT * FROM hauspost.list")


def join(directory, news, *addresses, **columns):
    for address in addresses:
        directory.insert("list_address", address=address)
        person = directory.one("SELECT max(id) AS id FROM hauspost.list_address")
        directory.insert("list_member", list=news.id, address=person.id, **columns)


def post(directory, news, message_id="1@world.example", group=1000):
    row = directory.one("SELECT hauspost.list_post_next(%s, %s) AS n", news.id, message_id)
    if row.n is not None:
        directory.run(
            "SELECT hauspost.list_post_add(%s, %s, %s, 'Anna',"
            " 'anna@world.example', 'hello', 1764000000, '{}', 2000, %s)",
            news.id, row.n, message_id, group,
        )
    return row.n


def groups(directory):
    return directory.run(
        "SELECT group_no, fanout, state, cardinality(members) AS n"
        " FROM hauspost.list_send AS s ORDER BY s.list, s.n, group_no"
    )


def claim(directory):
    rows = directory.run("SELECT * FROM hauspost.list_send_claim(%s)", NODE)
    return rows[0] if rows else None


def done(directory, group, later=(), refused=()):
    directory.run(
        "SELECT hauspost.list_send_done(%s, %s, %s, %s::bigint[], NULL,"
        " %s::bigint[], '{}', '{}')",
        group.list, group.n, group.group_no, list(later), list(refused),
    )


def test_posts_are_numbered_and_a_repeat_is_none(directory, news):
    assert [post(directory, news, x) for x in ("a@x", "b@x", "a@x")] == [1, 2, None]
    directory.run("UPDATE hauspost.list_post SET posted = now() - interval '8 days'")
    assert post(directory, news, "a@x") == 3


def test_members_who_want_every_post_are_grouped_by_domain(directory, news):
    join(directory, news, "b@z.example", "a@y.example", "c@y.example")
    join(directory, news, "d@y.example", mode="digest")
    join(directory, news, "e@y.example", state="disabled_bounce")
    join(directory, news, "f@z.example", state="probing")
    post(directory, news, group=3)
    assert [(g.group_no, g.fanout, g.n) for g in groups(directory)] == [
        (1, "shared", 3), (2, "shared", 1)]
    rows = directory.run(
        "SELECT * FROM hauspost.list_send_members(%s, 1, 1, false)", news.id)
    assert [row.address for row in rows] == [
        "a@y.example", "c@y.example", "b@z.example"]
    assert {row.leave for row in rows} == {None}


def test_a_return_path_that_would_be_too_long_makes_a_copy_of_its_own(directory, news):
    join(directory, news, "a@y.example", "u" * 30 + "@long-domain.example",
         '"a b"@y.example')
    post(directory, news)
    assert [(g.fanout, g.n) for g in groups(directory)] == [
        ("shared", 1), ("personal", 2)]


def test_each_group_is_handed_over_once_and_the_post_is_sent(directory, news):
    join(directory, news, *(f"m{i}@y.example" for i in range(5)))
    post(directory, news, group=2)
    seen = []
    while group := claim(directory):
        assert len(group.mac) == 8
        seen.append(group.group_no)
        done(directory, group)
    assert seen == [1, 2, 3]
    assert directory.one("SELECT sent FROM hauspost.list_post").sent


def test_first_groups_go_first_so_a_small_list_does_not_wait(directory, news):
    directory.insert("list", name="few", domain="example.org", package="xyz00")
    few = directory.one("SELECT * FROM hauspost.list WHERE name = 'few'")
    join(directory, news, *(f"m{i}@y.example" for i in range(4)))
    join(directory, few, "one@y.example")
    post(directory, news, group=2)
    post(directory, few)
    assert [claim(directory).list for _ in range(3)] == [news.id, few.id, news.id]


def test_what_a_crash_found_under_way_is_sent_again_in_small_groups(directory, news):
    directory.run(
        "WITH people AS (INSERT INTO hauspost.list_address (address)"
        " SELECT format('m%%s@y.example', i) FROM generate_series(1, 450) AS i"
        " RETURNING id) INSERT INTO hauspost.list_member (list, address)"
        " SELECT %s, id FROM people", news.id)
    post(directory, news)
    claim(directory)
    assert directory.one("SELECT hauspost.list_send_begin(%s) AS b", NODE).b
    assert [(g.group_no, g.state, g.n) for g in groups(directory)] == [
        (1, "waiting", 200), (2, "waiting", 200), (3, "waiting", 50)]
    seen = directory.one(
        "SELECT count(DISTINCT m) AS n FROM hauspost.list_send, unnest(members) AS m")
    assert seen.n == 450


def test_whom_postfix_does_not_take_now_waits_and_then_has_his_turn(directory, news):
    join(directory, news, "a@y.example", "b@y.example")
    post(directory, news)
    group = claim(directory)
    (a, b) = directory.run("SELECT id FROM hauspost.list_member ORDER BY id")
    done(directory, group, later=[b.id])
    assert claim(directory) is None
    assert not directory.one("SELECT sent FROM hauspost.list_post").sent
    wait = directory.one("SELECT hauspost.list_send_wait(%s) AS ms", NODE).ms
    assert wait == 300000
    directory.run("UPDATE hauspost.list_send SET not_before = now()")
    group = claim(directory)
    assert group.group_no == 2
    directory.run("UPDATE hauspost.list_post SET posted = now() - interval '6 days'")
    done(directory, group, later=[b.id])  # and is given up
    assert directory.one("SELECT sent FROM hauspost.list_post").sent


def test_who_left_meanwhile_gets_nothing(directory, news):
    join(directory, news, "a@y.example", "b@y.example")
    post(directory, news)
    directory.run("DELETE FROM hauspost.list_member WHERE id ="
                  " (SELECT min(id) FROM hauspost.list_member)")
    rows = directory.run(
        "SELECT address FROM hauspost.list_send_members(%s, 1, 1, true)", news.id)
    assert [row.address for row in rows] == ["b@y.example"]


# -- Tokens ------------------------------------------------------------------


def copies(directory, news):
    join(directory, news, "a@y.example", "b@y.example")
    post(directory, news)
    return directory.run(
        "SELECT * FROM hauspost.list_send_members(%s, 1, 1, true)", news.id)


def forge(token):
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def test_a_copy_that_comes_back_says_which_it_was(directory, news):
    for row in copies(directory, news):
        assert len(row.bounce) == 26
        for token in (row.bounce, row.bounce.upper()):
            copy = directory.one("SELECT * FROM hauspost.list_copy(%s)", token)
            assert (copy.list, copy.n, copy.member) == (news.id, 1, row.member)
        for bad in (row.bounce[1:], "1" * 26, "a" * 26, forge(row.bounce[:-1]) + "a"):
            assert directory.one("SELECT * FROM hauspost.list_copy(%s)", bad).n is None


def test_a_link_to_leave_is_good_as_long_as_the_membership(directory, news):
    for row in copies(directory, news):
        assert len(row.leave) == 29
        ask = "SELECT hauspost.list_leaver(%s) AS member"
        assert directory.one(ask, row.leave).member == row.member
        assert directory.one(ask, forge(row.leave[:20]) + row.leave[20:]).member is None
        assert directory.one(ask, row.bounce).member is None
        assert directory.one(ask, "").member is None


def test_a_bounce_is_believed_by_its_signature_and_names_a_member(directory, news):
    (a, _) = copies(directory, news)
    mac = directory.one("SELECT hauspost.list_post_mac(%s, 1) AS m", news.id).m
    ask = "SELECT hauspost.list_bounce_member(%s, %s, %s, %s) AS member"
    assert directory.one(ask, news.id, 1, mac, "A@y.example").member == a.member
    assert directory.one(ask, news.id, 2, mac, "a@y.example").member is None
    assert directory.one(ask, news.id, 1, forge(mac), "a@y.example").member is None
    assert directory.one(ask, news.id, 1, mac, "x@y.example").member is None


def test_listmgr_asks_and_makes_no_token(directory, news):
    copies(directory, news)
    directory.run("SET LOCAL SESSION AUTHORIZATION hauspost_listmgr")
    assert directory.run("SELECT * FROM hauspost.list_settings('news', 'example.org')")
    assert claim(directory)
    directory.run("SAVEPOINT attempt")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        directory.run("SELECT hauspost.list_leave_token(1)")
    directory.run("ROLLBACK TO attempt")
