-- 0004_state.sql - what the programs note down, in batches, off the path of
-- delivery.
--
-- None of these tables notifies: NOTIFY makes commits wait for each other.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.usage (
    mailbox    text COLLATE "C" PRIMARY KEY REFERENCES hauspost.mailbox
               ON UPDATE CASCADE ON DELETE CASCADE,
    bytes      bigint NOT NULL DEFAULT 0,
    messages   bigint NOT NULL DEFAULT 0,
    over_since timestamptz,
    updated    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE hauspost.usage IS
    'How full each mailbox is, as Dovecot''s quota_clone and lmtpd last saw '
    'it; at delivery Maildir''s own count decides';
COMMENT ON COLUMN hauspost.usage.mailbox IS 'Its name';
COMMENT ON COLUMN hauspost.usage.bytes IS
    'Of its messages, as quota counts them: lines end in CRLF';
COMMENT ON COLUMN hauspost.usage.messages IS 'In all folders';
COMMENT ON COLUMN hauspost.usage.updated IS 'When this row was last written';
COMMENT ON COLUMN hauspost.usage.over_since IS
    'When it went over a quota; NULL: it is below';

CREATE TABLE hauspost.delivered (
    delivery_key text COLLATE "C" NOT NULL,
    action       text COLLATE "C" NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (delivery_key, action)
);
COMMENT ON TABLE hauspost.delivered IS
    'Actions of a delivery that are done and that a retry must not repeat';
COMMENT ON COLUMN hauspost.delivered.delivery_key IS
    'Tells a message and its recipient apart from all others';
COMMENT ON COLUMN hauspost.delivered.action IS
    'What was done: a forward, a reply, …';
COMMENT ON COLUMN hauspost.delivered.at IS 'When';
CREATE INDEX ON hauspost.delivered (at); -- old ones are swept

CREATE TABLE hauspost.trail (
    at         timestamptz NOT NULL DEFAULT now(),
    queue_id   text,
    message_id text,
    class      text,
    client     text,
    login      text,
    sender     text,
    recipient  text,
    leaf       text,
    event      text NOT NULL,
    code       integer,
    dsn        text,
    reply      text,
    size_bytes bigint,
    mailbox    text,
    package    text,
    path       text[],
    why        text
);
COMMENT ON TABLE hauspost.trail IS
    'What became of each message, a row per event and recipient';
COMMENT ON COLUMN hauspost.trail.at IS 'When it happened';
COMMENT ON COLUMN hauspost.trail.queue_id IS 'Postfix'' name for the message';
COMMENT ON COLUMN hauspost.trail.message_id IS 'Message-ID of its header';
COMMENT ON COLUMN hauspost.trail.class IS
    'How it came: inbound, regular, bulk, local, list or reinject';
COMMENT ON COLUMN hauspost.trail.client IS 'Address of the SMTP client';
COMMENT ON COLUMN hauspost.trail.login IS 'Who had logged in, if anybody';
COMMENT ON COLUMN hauspost.trail.sender IS 'As given at MAIL; empty: <>';
COMMENT ON COLUMN hauspost.trail.recipient IS 'As given at RCPT';
COMMENT ON COLUMN hauspost.trail.leaf IS 'The recipient in the queue';
COMMENT ON COLUMN hauspost.trail.event IS 'What happened, in a word';
COMMENT ON COLUMN hauspost.trail.code IS 'SMTP reply: 250, 450, 550, …';
COMMENT ON COLUMN hauspost.trail.dsn IS 'Enhanced status code, RFC 3463';
COMMENT ON COLUMN hauspost.trail.reply IS 'Text of the reply';
COMMENT ON COLUMN hauspost.trail.size_bytes IS 'Octets of the message';
COMMENT ON COLUMN hauspost.trail.mailbox IS 'Where it was stored';
COMMENT ON COLUMN hauspost.trail.package IS 'Whose it is';
COMMENT ON COLUMN hauspost.trail.path IS
    'Hops from the recipient to the leaf, as resolve() tells them';
COMMENT ON COLUMN hauspost.trail.why IS 'For admins, not for the sender';
CREATE INDEX ON hauspost.trail USING brin (at);
CREATE INDEX ON hauspost.trail (queue_id);
CREATE INDEX ON hauspost.trail (recipient, at);

CREATE TABLE hauspost.notice (
    owner   text COLLATE "C" NOT NULL,
    kind    text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    body    text NOT NULL,
    day     date NOT NULL DEFAULT current_date,
    created timestamptz NOT NULL DEFAULT now(),
    sent    timestamptz,
    CONSTRAINT "an owner is told once a day"
        UNIQUE (owner, kind, subject, day)
);
COMMENT ON TABLE hauspost.notice IS
    'What owners are told of, once a day each';
COMMENT ON COLUMN hauspost.notice.owner IS 'Mailbox that gets the notice';
COMMENT ON COLUMN hauspost.notice.kind IS 'What went wrong, in a word';
COMMENT ON COLUMN hauspost.notice.subject IS
    'What it is about: an address, a script, a mailbox';
COMMENT ON COLUMN hauspost.notice.body IS 'Text of the mail';
COMMENT ON COLUMN hauspost.notice.day IS
    'One notice of a kind and subject is enough for it';
COMMENT ON COLUMN hauspost.notice.created IS 'When it was first noticed';
COMMENT ON COLUMN hauspost.notice.sent IS 'NULL: not yet';
CREATE INDEX ON hauspost.notice (created) WHERE sent IS NULL;

-- Dovecot writes bytes and messages one after the other; over_since follows
-- from the first. Runs as its owner, since no writer may read quotas.
CREATE FUNCTION hauspost.note_over_since() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    over boolean;
BEGIN
    SELECT m.quota_bytes > 0 AND NEW.bytes > m.quota_bytes
        OR m.quota_hard_bytes > 0 AND NEW.bytes >= m.quota_hard_bytes
    INTO over
    FROM hauspost.mailbox AS m WHERE m.name = NEW.mailbox;
    IF NOT FOUND THEN -- deleted since; the rest of the batch still counts
        RETURN NULL;
    END IF;
    NEW.updated := now();
    NEW.over_since := CASE WHEN over THEN coalesce(NEW.over_since, now()) END;
    RETURN NEW;
END
$$;
CREATE TRIGGER over_since BEFORE INSERT OR UPDATE ON hauspost.usage
    FOR EACH ROW EXECUTE FUNCTION hauspost.note_over_since();

-- A changed quota changes who is over it.
CREATE FUNCTION hauspost.quota_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE hauspost.usage SET bytes = bytes WHERE mailbox = NEW.name;
    RETURN NULL;
END
$$;
CREATE TRIGGER quota_changed
    AFTER UPDATE OF quota_bytes, quota_hard_bytes ON hauspost.mailbox
    FOR EACH ROW EXECUTE FUNCTION hauspost.quota_changed();

RESET ROLE;
