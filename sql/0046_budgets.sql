-- 0046_budgets.sql - how much a mailbox may send, counted.
--
--   borrow     milter: room for so many messages or recipients
--   meet       milter: a recipient, perhaps for the first time
--   give_back  milter: what was borrowed and not used
--   spending   admins: limits and what is used of them
--
-- A period slides: it has 60 slots, what was sent falls out of the count one
-- slot at a time, so no stretch of that length ever holds more than the limit.
-- Counting happens here and nowhere else, under a lock for the package, which
-- is right with any number of milters. They borrow a small block and spend it
-- by themselves; what a crash takes with it counts as sent.
--
-- None of it notifies: NOTIFY would make commits wait for each other.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.slots_per_period() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 60';
COMMENT ON FUNCTION hauspost.slots_per_period() IS
    'How exactly time is known: a limit for an hour by the minute';

CREATE FUNCTION hauspost.blocks_per_limit() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 50';
COMMENT ON FUNCTION hauspost.blocks_per_limit() IS
    'A block that is borrowed is this part of the least limit: what a crash '
    'can cost';

CREATE TABLE hauspost.spent (
    subject text COLLATE "C" NOT NULL,
    class   text NOT NULL,
    counts  text NOT NULL,
    period  interval NOT NULL,
    slot    timestamptz NOT NULL,
    n       integer NOT NULL,
    PRIMARY KEY (subject, class, counts, period, slot)
);
COMMENT ON TABLE hauspost.spent IS
    'What was sent or is lent to a milter, for the limits of send_limit';
COMMENT ON COLUMN hauspost.spent.subject IS
    'A mailbox, or package:NAME for a package together';
COMMENT ON COLUMN hauspost.spent.class IS 'regular or bulk';
COMMENT ON COLUMN hauspost.spent.counts IS 'messages, recipients or new';
COMMENT ON COLUMN hauspost.spent.period IS 'Of the limit';
COMMENT ON COLUMN hauspost.spent.slot IS 'When: the beginning of a slot';
COMMENT ON COLUMN hauspost.spent.n IS 'How many';

CREATE TABLE hauspost.met (
    mailbox   text COLLATE "C" NOT NULL,
    recipient bigint NOT NULL,
    last      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mailbox, recipient)
);
COMMENT ON TABLE hauspost.met IS 'Whom each mailbox has written to';
COMMENT ON COLUMN hauspost.met.mailbox IS 'The sender';
COMMENT ON COLUMN hauspost.met.recipient IS
    'Hash of the address: enough to know it again, not to list it';
COMMENT ON COLUMN hauspost.met.last IS 'When last, give or take a month';

-- Room for a normal day of a busy person. What sends more has a limit of its
-- own, or the bulk server.
INSERT INTO hauspost.send_limit (each, class, counts, period, most) VALUES
    (true, 'regular', 'recipients', '1 hour', 500),
    (true, 'regular', 'recipients', '1 day', 2000),
    (true, 'regular', 'new', '1 day', 1000),
    (true, 'bulk', 'recipients', '1 day', 50000);

-- The nearest ones: own, then of the package, then of all. A mailbox' own and
-- those for each mailbox are one kind, those of a package together another.
CREATE FUNCTION hauspost.limits_of(
    account text, package text, class text, counts text)
RETURNS TABLE (subject text, period interval, most integer, over text)
LANGUAGE sql STABLE ROWS 3
BEGIN ATOMIC
    SELECT CASE WHEN l.alone THEN account ELSE 'package:' || package END,
        l.period, l.most, l.over
    FROM (
        SELECT s.period, s.most, s.over, s.mailbox IS NOT NULL OR s.each
                AS alone,
            rank() OVER (
                PARTITION BY s.mailbox IS NOT NULL OR s.each
                ORDER BY s.mailbox IS NULL, s.package IS NULL) AS distance
        FROM hauspost.send_limit AS s
        WHERE s.class = limits_of.class AND s.counts = limits_of.counts
            AND (s.mailbox = account
                OR s.mailbox IS NULL
                    AND (s.package IS NULL OR s.package = limits_of.package))
    ) AS l
    WHERE l.distance = 1 AND (l.alone OR package IS NOT NULL);
END;
COMMENT ON FUNCTION hauspost.limits_of(text, text, text, text) IS
    'The limits that hold for what a mailbox sends';

CREATE FUNCTION hauspost.slot_of(at timestamptz, period interval)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE RETURN date_bin(
    period / hauspost.slots_per_period(), at, 'epoch');

-- The moment at which enough slots have fallen out of the period.
CREATE FUNCTION hauspost.free_at(
    spender text, of_class text, of_counts text, of_period interval,
    excess integer)
RETURNS timestamptz
LANGUAGE sql STABLE RETURN (
    SELECT min(s.slot) + of_period
        + of_period / hauspost.slots_per_period()
    FROM (
        SELECT p.slot, sum(p.n) OVER (ORDER BY p.slot) AS until_here
        FROM hauspost.spent AS p
        WHERE p.subject = spender AND p.class = of_class
            AND p.counts = of_counts AND p.period = of_period) AS s
    WHERE s.until_here >= excess);

CREATE FUNCTION hauspost.limit_text(
    most integer, counts text, period interval, subject text)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN format('limit of %s %s in %s for %s',
    most, CASE counts WHEN 'new' THEN 'new recipients' ELSE counts END,
    CASE period
        WHEN '1 minute' THEN 'a minute'
        WHEN '1 hour' THEN 'an hour'
        WHEN '1 day' THEN 'a day'
        ELSE period::text
    END,
    replace(subject, 'package:', 'package '));

-- What an admin has to look through.
CREATE FUNCTION hauspost.held_per_day() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 100';
COMMENT ON FUNCTION hauspost.held_per_day() IS
    'Messages of a mailbox that are held in a day; more are refused';

CREATE INDEX ON hauspost.trail (login, at) WHERE event = 'held';
CREATE FUNCTION hauspost.holds_many(account text) RETURNS boolean
LANGUAGE sql STABLE RETURN (
    SELECT count(*) >= hauspost.held_per_day() FROM hauspost.trail AS t
    WHERE t.login = account AND t.event = 'held'
        AND t.at > now() - interval '1 day');

-- Mail is held only where every limit that is full says so.
CREATE FUNCTION hauspost.borrow(
    account text, class text, counts text, wanted integer,
    OUT granted integer, OUT at timestamptz, OUT lasts_ms integer,
    OUT hold boolean, OUT code integer, OUT dsn text, OUT reply text)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner text := (SELECT m.package FROM hauspost.mailbox AS m
        WHERE m.name = account);
    l     record;
    used  integer;
    room  integer := 1000000; -- as good as none, where there is no limit
    block integer := room;
    waits timestamptz;        -- until this limit has room
    free  timestamptz;        -- until all have
BEGIN
    PERFORM pg_advisory_xact_lock(46, hashtext(coalesce(owner, account)));
    at := clock_timestamp(); -- now() is from before we waited
    lasts_ms := 60000;
    hold := true;
    granted := 0;
    FOR l IN SELECT * FROM hauspost.limits_of(account, owner, class, counts)
    LOOP
        lasts_ms := least(lasts_ms, 1000 * extract(epoch FROM
            l.period / hauspost.slots_per_period())::integer);
        block := least(block, CASE counts WHEN 'new' THEN 1
            ELSE l.most / hauspost.blocks_per_limit() END);
        -- What is too old, and what a clock that was wrong wrote: it would
        -- forbid to send until that moment has come.
        DELETE FROM hauspost.spent AS s
        WHERE s.subject = l.subject AND s.class = borrow.class
            AND s.counts = borrow.counts AND s.period = l.period
            AND (s.slot <= at - l.period
                    - l.period / hauspost.slots_per_period()
                OR s.slot > at + l.period / hauspost.slots_per_period());
        SELECT coalesce(sum(s.n), 0) INTO used FROM hauspost.spent AS s
        WHERE s.subject = l.subject AND s.class = borrow.class
            AND s.counts = borrow.counts AND s.period = l.period;
        room := least(room, l.most - used);
        CONTINUE WHEN l.most - used >= wanted;
        hold := hold AND l.over = 'hold';
        waits := CASE WHEN l.most < wanted THEN 'infinity'
            ELSE hauspost.free_at(l.subject, class, counts, l.period,
                used + wanted - l.most) END;
        CONTINUE WHEN waits <= free;
        free := waits;
        reply := hauspost.limit_text(l.most, counts, l.period, l.subject);
    END LOOP;

    IF free IS NOT NULL THEN
        hold := hold AND NOT hauspost.holds_many(account);
        code := CASE free WHEN 'infinity' THEN 550 ELSE 450 END;
        dsn := CASE free WHEN 'infinity' THEN '5.7.1' ELSE '4.7.1' END;
        reply := reply || CASE free WHEN 'infinity' THEN ' is too small'
            ELSE to_char(free AT TIME ZONE 'UTC',
                '" is reached, free again at "YYYY-MM-DD HH24:MI:SS" UTC"')
            END;
        RETURN;
    END IF;
    hold := false;
    code := 250;
    granted := least(room, greatest(wanted, block));
    INSERT INTO hauspost.spent AS s
    SELECT x.subject, class, counts, x.period,
        hauspost.slot_of(at, x.period), granted
    FROM hauspost.limits_of(account, owner, class, counts) AS x
    ON CONFLICT ON CONSTRAINT spent_pkey
        DO UPDATE SET n = s.n + excluded.n;
END
$$;
COMMENT ON FUNCTION hauspost.borrow(text, text, text, integer) IS
    'Room for at least so many messages or recipients, to be used within '
    'lasts_ms; or why there is none';

CREATE FUNCTION hauspost.meet(account text, class text, address text,
    OUT granted integer, OUT at timestamptz, OUT lasts_ms integer,
    OUT hold boolean, OUT code integer, OUT dsn text, OUT reply text)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hash  bigint := hashtextextended(lower(address COLLATE "C"), 0);
    known timestamptz := (SELECT m.last FROM hauspost.met AS m
        WHERE m.mailbox = account AND m.recipient = hash);
BEGIN
    granted := 1;
    hold := false;
    code := 250;
    IF known IS NULL THEN
        SELECT b.* INTO granted, at, lasts_ms, hold, code, dsn, reply
        FROM hauspost.borrow(account, class, 'new', 1) AS b;
    END IF;
    IF code = 250 AND (known IS NULL OR known < now() - interval '30 days') THEN
        INSERT INTO hauspost.met (mailbox, recipient) VALUES (account, hash)
        ON CONFLICT ON CONSTRAINT met_pkey DO UPDATE SET last = now();
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.meet(text, text, text) IS
    'Counts a recipient that this mailbox writes to for the first time';

-- In the slots that it was taken from, so far as they still count.
CREATE FUNCTION hauspost.give_back(
    accounts text[], classes text[], counts text[], at timestamptz[],
    n integer[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    b record;
BEGIN
    -- In one order, so that two of us never wait for each other.
    FOR b IN
        SELECT x.*, m.package FROM unnest(accounts, classes, counts, at, n)
            AS x (account, class, counts, at, n)
        LEFT JOIN hauspost.mailbox AS m ON m.name = x.account
        ORDER BY hashtext(coalesce(m.package, x.account))
    LOOP
        PERFORM pg_advisory_xact_lock(46,
            hashtext(coalesce(b.package, b.account)));
        UPDATE hauspost.spent AS s SET n = greatest(0, s.n - b.n)
        WHERE s.subject IN (b.account, 'package:' || b.package)
            AND s.class = b.class AND s.counts = b.counts
            AND s.slot = hauspost.slot_of(b.at, s.period);
    END LOOP;
END
$$;
COMMENT ON FUNCTION
    hauspost.give_back(text[], text[], text[], timestamptz[], integer[]) IS
    'What was borrowed and not used';

CREATE FUNCTION hauspost.spending(account text)
RETURNS TABLE (class text, counts text, subject text, period interval,
    most integer, used bigint, over text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT c.class, k.counts, l.subject, l.period, l.most,
        coalesce((SELECT sum(s.n) FROM hauspost.spent AS s
            WHERE s.subject = l.subject AND s.class = c.class
                AND s.counts = k.counts AND s.period = l.period
                AND s.slot > now() - l.period
                    - l.period / hauspost.slots_per_period()), 0),
        l.over
    FROM unnest('{regular,bulk}'::text[]) AS c (class),
        unnest('{messages,recipients,new}'::text[]) AS k (counts),
        hauspost.limits_of(account,
            (SELECT m.package FROM hauspost.mailbox AS m
                WHERE m.name = account),
            c.class, k.counts) AS l
    ORDER BY c.class DESC, k.counts, l.subject, l.period;
END;
COMMENT ON FUNCTION hauspost.spending(text) IS
    'The limits of a mailbox and what is used of each';

GRANT EXECUTE ON FUNCTION
    hauspost.borrow(text, text, text, integer),
    hauspost.meet(text, text, text),
    hauspost.give_back(text[], text[], text[], timestamptz[], integer[])
    TO hauspost_milter;
GRANT SELECT ON hauspost.spent, hauspost.met TO hauspost_admin;

RESET ROLE;
