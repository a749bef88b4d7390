-- 0050_sieve.sql - Sieve scripts that come from the directory: defaults of a
-- node or a domain, and automatic replies.
--
--   sieve            lmtpd: all scripts for a mailbox beside its own
--   vacation_script  a row of vacation as the script that does what it says
--   knows_sender     lmtpd: has the mailbox written to this sender?
--
-- An automatic reply is a row for the admin and his tools, and a script for
-- lmtpd: so there is one implementation of who is answered and how (RFC 3834,
-- RFC 5230), that of the command `vacation`. When it is in force is decided
-- here, with changes_at, because days have the owner's time zone.

SET ROLE hauspost_owner;

-- Default scripts -------------------------------------------------------------

CREATE TABLE hauspost.sieve_default (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node   text COLLATE "C" REFERENCES hauspost.node
           ON UPDATE CASCADE ON DELETE CASCADE,
    domain text COLLATE "C" REFERENCES hauspost.domain
           ON UPDATE CASCADE ON DELETE CASCADE,
    place  text NOT NULL,
    name   text COLLATE "C" NOT NULL,
    script text NOT NULL,
    CONSTRAINT "a default script has a node or a domain, not both"
        CHECK (num_nonnulls(node, domain) = 1),
    CONSTRAINT "sieve_default.place is before, after or include"
        CHECK (place IN ('before', 'after', 'include')),
    CONSTRAINT "each default script once"
        UNIQUE NULLS NOT DISTINCT (node, domain, place, name)
);
COMMENT ON TABLE hauspost.sieve_default IS
    'Sieve scripts for all mailboxes of a node, or for what is addressed to a '
    'domain; try one with "hauspost sieve check" first';
COMMENT ON COLUMN hauspost.sieve_default.id IS 'To name the row by';
COMMENT ON COLUMN hauspost.sieve_default.node IS
    'For the mailboxes of this node';
COMMENT ON COLUMN hauspost.sieve_default.domain IS
    'Or for what was written to this domain';
COMMENT ON COLUMN hauspost.sieve_default.place IS
    'before the mailbox'' own script; after it, if that keeps the mail; '
    'include: for "include :global" only';
COMMENT ON COLUMN hauspost.sieve_default.name IS
    'Several in one place run in the order of their names';
COMMENT ON COLUMN hauspost.sieve_default.script IS 'Text of the script';
CREATE INDEX ON hauspost.sieve_default (domain);

CREATE FUNCTION hauspost.check_sieve_default() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    problems := hauspost.sentences(
        format('name "%s"', NEW.name), CASE
            WHEN NEW.name !~ '^[a-z0-9][a-z0-9._-]{0,63}$'
            THEN 'is none: write up to 64 of a-z, 0-9 and . _ -' END,
        'script', CASE
            WHEN octet_length(NEW.script) > 102400
                THEN 'has more than 100 KB: split it and use include'
            WHEN NEW.script !~ '[^[:space:]]'
                THEN 'is empty: delete the row instead' END);
    PERFORM hauspost.complain('sieve_default', problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.sieve_default
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_sieve_default();

-- Automatic replies -----------------------------------------------------------

CREATE TABLE hauspost.vacation (
    mailbox     text COLLATE "C" PRIMARY KEY REFERENCES hauspost.mailbox
                ON UPDATE CASCADE ON DELETE CASCADE,
    active      boolean NOT NULL DEFAULT true,
    subject     text,
    reply       text NOT NULL,
    valid_from  timestamptz,
    valid_until timestamptz,
    every_days  integer NOT NULL DEFAULT 7,
    weekdays    integer[],
    zone        text NOT NULL DEFAULT current_setting('TimeZone'),
    known_only  boolean NOT NULL DEFAULT false,
    CONSTRAINT "vacation.valid_from is before valid_until"
        CHECK (valid_from < valid_until)
);
COMMENT ON TABLE hauspost.vacation IS
    'Automatic replies, one row per mailbox; never to lists, bulk mail, '
    'programs, or to mail that does not name an address of the mailbox';
COMMENT ON COLUMN hauspost.vacation.mailbox IS 'Whose mail is answered';
COMMENT ON COLUMN hauspost.vacation.active IS
    'Off keeps the texts for the next time';
COMMENT ON COLUMN hauspost.vacation.subject IS
    'Of the reply; NULL: "Auto:" and the subject that is answered';
COMMENT ON COLUMN hauspost.vacation.reply IS 'Text of the reply';
COMMENT ON COLUMN hauspost.vacation.valid_from IS
    'No replies before; NULL: from now on';
COMMENT ON COLUMN hauspost.vacation.valid_until IS
    'No replies from then on; NULL: until it is turned off';
COMMENT ON COLUMN hauspost.vacation.every_days IS
    'A sender gets one reply in so many days';
COMMENT ON COLUMN hauspost.vacation.weekdays IS
    'Replies on these days only: 1 is Monday, 7 Sunday; NULL: every day';
COMMENT ON COLUMN hauspost.vacation.zone IS
    'Time zone in which those days begin: Europe/Berlin';
COMMENT ON COLUMN hauspost.vacation.known_only IS
    'Only to senders that the mailbox itself has written to before';

CREATE FUNCTION hauspost.check_vacation() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.weekdays := nullif(NEW.weekdays, '{}');
    problems := hauspost.sentences(
        'subject', CASE
            WHEN NEW.subject ~ '[[:cntrl:]]'
                THEN 'has a line end or a control character: write one line'
            WHEN octet_length(NEW.subject) > 500
                THEN 'has more than 500 octets: write a shorter one' END,
        'reply', CASE
            WHEN coalesce(NEW.reply, '') !~ '[^[:space:]]'
                THEN 'is empty: write what the sender shall read'
            WHEN octet_length(NEW.reply) > 32768
                THEN 'has more than 32 KB: write a shorter one' END,
        format('every_days %s', NEW.every_days), CASE
            WHEN NEW.every_days NOT BETWEEN 1 AND 60
                THEN 'is out of range: write 1 to 60' END,
        'weekdays', CASE
            WHEN NOT NEW.weekdays <@ '{1,2,3,4,5,6,7}'
                THEN 'has something else than 1 (Monday) to 7 (Sunday)' END,
        format('zone "%s"', NEW.zone), CASE
            WHEN NOT EXISTS (
                SELECT FROM pg_timezone_names AS z WHERE z.name = NEW.zone)
                THEN 'is none: write one like Europe/Berlin' END);
    PERFORM hauspost.complain(
        format('vacation of "%s"', NEW.mailbox), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.vacation
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_vacation();

-- RFC 5228 2.4.2: inside quotes only these two mean something. Without the
-- extensions "variables" and "encoded-character" nothing else ever does.
CREATE FUNCTION hauspost.sieve_quote(plain text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN
    '"' || replace(replace(plain, '\', '\\'), '"', '\"') || '"';
COMMENT ON FUNCTION hauspost.sieve_quote(text) IS
    'A text as a string of Sieve';

-- Functions in PL/pgSQL, because those keep their plans: lmtpd asks once for
-- each mailbox and domain.
CREATE FUNCTION hauspost.vacation_script(mailbox text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v hauspost.vacation;
BEGIN
    SELECT * INTO v FROM hauspost.vacation AS r
    WHERE r.mailbox = vacation_script.mailbox AND r.active;
    IF NOT FOUND
        OR now() < v.valid_from
        OR now() >= v.valid_until
        OR extract(isodow FROM now() AT TIME ZONE v.zone) <> ALL (v.weekdays)
    THEN
        RETURN NULL;
    END IF;
    RETURN E'require ["vacation", "envelope", "extlists"];\n'
        -- A reply would tell its sender that somebody reads.
        || E'if header :contains "X-Spam-Flag" "YES" { stop; }\n'
        || CASE WHEN v.known_only THEN
            'if not envelope :list "from" "urn:hauspost:known-senders" '
            || E'{ stop; }\n' ELSE '' END
        || 'vacation :days ' || v.every_days
        || coalesce(' :subject ' || hauspost.sieve_quote(v.subject), '')
        || ' ' || hauspost.sieve_quote(v.reply) || E';\n';
END
$$;
COMMENT ON FUNCTION hauspost.vacation_script(text) IS
    'The script that answers the mail of a mailbox now; NULL: none';

-- The next moment at which vacation_script() may say something else.
CREATE FUNCTION hauspost.vacation_changes_at(mailbox text) RETURNS timestamptz
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    v        hauspost.vacation;
    midnight timestamptz;
BEGIN
    SELECT * INTO v FROM hauspost.vacation AS r
    WHERE r.mailbox = vacation_changes_at.mailbox AND r.active;
    IF v.weekdays IS NOT NULL THEN
        midnight := (date_trunc('day', now() AT TIME ZONE v.zone)
            + interval '1 day') AT TIME ZONE v.zone;
    END IF;
    RETURN least(
        CASE WHEN v.valid_from > now() THEN v.valid_from END,
        CASE WHEN v.valid_until > now() THEN v.valid_until END,
        midnight);
END
$$;

-- What lmtpd asks -------------------------------------------------------------

CREATE FUNCTION hauspost.sieve(mailbox text, domain text)
RETURNS TABLE (place text, name text, script text, keys text[],
    changes_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    at text := lower(sieve.domain COLLATE "C");
    on_node text;
BEGIN
    keys := ARRAY['name:' || sieve.mailbox, 'domain:' || at];
    changes_at := hauspost.vacation_changes_at(sieve.mailbox);
    SELECT p.node INTO on_node
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    WHERE m.name = sieve.mailbox;
    FOR place, name, script IN
        SELECT d.place, d.name, d.script
        FROM hauspost.sieve_default AS d
        WHERE d.domain = at OR d.node = on_node
        -- What is wider encloses what is narrower.
        ORDER BY d.place, (d.place = 'before') = (d.domain IS NOT NULL),
            d.name
    LOOP
        RETURN NEXT;
    END LOOP;
    -- One row at least, which carries the keys.
    place := 'vacation';
    name := sieve.mailbox;
    script := hauspost.vacation_script(sieve.mailbox);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION hauspost.sieve(text, text) IS
    'Scripts for a mailbox, and for mail that was written to a domain, beside '
    'the mailbox'' own; script NULL: no automatic reply now';
GRANT EXECUTE ON FUNCTION hauspost.sieve(text, text) TO hauspost_lmtpd;

CREATE FUNCTION hauspost.knows_sender(mailbox text, sender text)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM hauspost.trail AS t
        WHERE t.recipient IN ($2, lower($2 COLLATE "C"))
            AND t.login = $1
            AND t.event = 'queued');
END;
COMMENT ON FUNCTION hauspost.knows_sender(text, text) IS
    'Whether the mailbox has sent mail to this address, as far back as the '
    'trail is kept';
GRANT EXECUTE ON FUNCTION hauspost.knows_sender(text, text) TO hauspost_lmtpd;

-- State -----------------------------------------------------------------------

CREATE TABLE hauspost.vacation_sent (
    mailbox text COLLATE "C" NOT NULL REFERENCES hauspost.mailbox
            ON UPDATE CASCADE ON DELETE CASCADE,
    key     text COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    until   timestamptz NOT NULL,
    PRIMARY KEY (mailbox, key)
);
COMMENT ON TABLE hauspost.vacation_sent IS
    'Whom a mailbox has answered, so that nobody gets the same reply again '
    'too soon';
COMMENT ON COLUMN hauspost.vacation_sent.mailbox IS 'Who answered';
COMMENT ON COLUMN hauspost.vacation_sent.key IS
    'Digest of the sender and of the reply''s text or handle';
COMMENT ON COLUMN hauspost.vacation_sent.at IS 'When';
COMMENT ON COLUMN hauspost.vacation_sent.until IS
    'From then on the sender is answered again';
CREATE INDEX ON hauspost.vacation_sent (mailbox, at); -- how many in this hour
CREATE INDEX ON hauspost.vacation_sent (until); -- old ones are swept

CREATE TABLE hauspost.duplicate_seen (
    mailbox      text COLLATE "C" NOT NULL REFERENCES hauspost.mailbox
                 ON UPDATE CASCADE ON DELETE CASCADE,
    key          text COLLATE "C" NOT NULL,
    until        timestamptz NOT NULL,
    delivery_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (mailbox, key)
);
COMMENT ON TABLE hauspost.duplicate_seen IS
    'What the Sieve test "duplicate" has seen (RFC 7352)';
COMMENT ON COLUMN hauspost.duplicate_seen.mailbox IS 'Whose script it was';
COMMENT ON COLUMN hauspost.duplicate_seen.key IS
    'Digest of the message''s identity and the test''s handle';
COMMENT ON COLUMN hauspost.duplicate_seen.until IS 'From then on it is new';
COMMENT ON COLUMN hauspost.duplicate_seen.delivery_key IS
    'The delivery that was the first: its own retry is no duplicate';
CREATE INDEX ON hauspost.duplicate_seen (until);

GRANT SELECT, INSERT, UPDATE, DELETE ON
    hauspost.vacation_sent, hauspost.duplicate_seen TO hauspost_lmtpd;

-- Admins ----------------------------------------------------------------------

DO $$
BEGIN
    PERFORM hauspost.keep_journal(t), hauspost.tell_changes_of(t)
    FROM unnest('{hauspost.sieve_default, hauspost.vacation}'::regclass[])
        AS t;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    hauspost.sieve_default, hauspost.vacation TO hauspost_admin;
GRANT SELECT, DELETE ON
    hauspost.vacation_sent, hauspost.duplicate_seen TO hauspost_admin;

RESET ROLE;
