"""A world that refuses a part of a post, as seen by whole lists: who loses his
place, and who must not."""

import pytest

from list_rig import List, list_host  # noqa: F401
from list_rows import MOMENTS
from stage import wait_for
from stage.customer import Customer


class Crowd(List):
    """A hundred members, of whom the last ones have an answer of the sink as
    their local part, and an owner who writes."""

    def __init__(self, host, answer, n):
        customer = Customer(host)
        super().__init__(host, customer, language="en")
        self.owner = f"olga.{customer.name}@o.example"
        self.join(self.owner, role="owner", mode="nomail")
        self.failing = [f"{answer}@{customer.name}-{i}.example" for i in range(n)]
        self.fine = [f"m{i}@{customer.name}-fine.example" for i in range(100 - n)]
        self.join(*self.failing, *self.fine)

    def states(self):
        """{(state, score): members} of those who get posts."""
        return {
            (state, score): int(n) for state, score, n in self.host.query(
                "SELECT state, score, count(*) FROM hauspost.list_member"
                " WHERE list = :'list' AND mode = 'normal' GROUP BY 1, 2",
                list=self.id)
        }

    def wait_for(self, states):
        wait_for(lambda: self.states() == states, f"there are {states}")

    def write(self, subject):
        assert self.post(self.owner, subject) == {}

    def letters(self, kind):
        return self.host.query(
            "SELECT address FROM hauspost.list_letter WHERE list = :'list'"
            " AND kind = :'kind' ORDER BY 1", list=self.id, kind=kind)

    def later(self, **interval):
        for table, columns in MOMENTS.items():
            changes = ", ".join(
                f"{column} = {column} - make_interval(days => :'days'::int,"
                " hours => :'hours'::int)" for column in columns)
            self.host.query(
                f"UPDATE hauspost.{table} SET {changes} WHERE list = :'list'",
                list=self.id, days=interval.get("days", 0),
                hours=interval.get("hours", 0))


def test_a_twentieth_that_is_gone_is_found_out_and_taken_off(list_host):  # noqa: F811
    news = Crowd(list_host, "550-5.1.1", 5)
    for day, score in enumerate(("1.0", "2.0", "3.0")):
        news.write(f"day {day}")
        news.wait_for({("ok", score): 5, ("ok", "0.0"): 95})
        news.later(days=1)
    news.write("day 3")
    news.wait_for({("disabled_bounce", "4.0"): 5, ("ok", "0.0"): 95})
    assert len(news.letters("probe")) == 5
    for _ in range(4):
        news.later(days=7, hours=1)
        list_host.query("SELECT hauspost.list_clock()")
    assert news.states() == {("ok", "0.0"): 95}
    assert len(news.letters("reminder")) == 15
    assert [news.owner] in news.letters("owner-summary")


def test_a_fifth_that_refuses_the_post_loses_nobody(list_host):  # noqa: F811
    news = Crowd(list_host, "550-5.7.1", 20)
    for day in range(4):
        news.write(f"day {day}")
        wait_for(lambda: len(news.letters("owner-content")) == day + 1,
                 f"the owner is told of post {day}")
        news.later(days=1)
    assert news.states() == {("ok", "0.0"): 100}
    assert news.letters("probe") == []


def test_a_third_that_fails_at_once_is_our_own_fault(list_host):  # noqa: F811
    news = Crowd(list_host, "550-5.1.1", 36)
    list_host.query(
        "UPDATE hauspost.list_member SET score = 2, bounced_last = now()"
        " - '1 day'::interval, bounced_first = now() - '4 days'::interval"
        " WHERE list = :'list'", list=news.id)
    news.write("blocked")
    news.sent()
    wait_for(lambda: news.letters("breaker"), "postmasters are told")
    list_host.settle()
    assert {state for state, _ in news.states()} == {"ok"}
    assert sum(news.states().values()) == 100
