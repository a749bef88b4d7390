-- 0070_lists.sql - mailing lists: the tables, and what a row must be.
--
--   list              what admins and owners set
--   list_state        what counts on: the number of the next post
--   list_address      people, each once for all lists
--   list_member       who is on which list, and how
--   list_pending      what waits for a confirmation
--   list_held         posts that wait for a moderator
--   list_post         posts that were let through, numbered
--   list_send         their way out, in groups of members
--   list_letter       letters to single persons, until they are sent
--   list_event        what was done, by whom: the proof of each consent
--   list_text         own texts of a list
--   list_header_rule, list_ban, list_allow   who and what may pass
--
-- Programs see none of these tables; functions named list_… change them, so
-- that mail, the web pages and the command line do the same thing. Messages
-- are files: ARCHIVE/LIST/N/1000/N.eml, and LIST/held/ID.eml.

SET ROLE hauspost_owner;

-- Signs every token, return path and link of a list. No program knows it.
INSERT INTO hauspost.secret (name, value) VALUES ('list',
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- list -------------------------------------------------------------------------

ALTER TABLE hauspost.list
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY
        CONSTRAINT "each list has a number of its own" UNIQUE,
    ADD COLUMN list_id text COLLATE "C" NOT NULL
        CONSTRAINT "each list has a List-Id of its own" UNIQUE,
    ADD COLUMN title text NOT NULL DEFAULT '',
    ADD COLUMN description text NOT NULL DEFAULT '',
    ADD COLUMN language text NOT NULL DEFAULT 'de',
    ADD COLUMN policy text NOT NULL DEFAULT 'members',
    ADD COLUMN subscribe_policy text NOT NULL DEFAULT 'open',
    ADD COLUMN nonmember_action text NOT NULL DEFAULT 'reject',
    ADD COLUMN spam_action text NOT NULL DEFAULT 'hold',
    ADD COLUMN moderate_new integer NOT NULL DEFAULT 0,
    ADD COLUMN hold boolean NOT NULL DEFAULT false,
    ADD COLUMN held_days integer NOT NULL DEFAULT 7,
    ADD COLUMN max_size bigint NOT NULL DEFAULT 10485760,
    ADD COLUMN max_recipients integer NOT NULL DEFAULT 10,
    ADD COLUMN allow_bcc boolean NOT NULL DEFAULT false,
    ADD COLUMN fanout text NOT NULL,
    ADD COLUMN prefix text NOT NULL DEFAULT '',
    ADD COLUMN footer text NOT NULL DEFAULT '',
    ADD COLUMN reply_to text NOT NULL DEFAULT 'none',
    ADD COLUMN reply_to_force boolean NOT NULL DEFAULT false,
    ADD COLUMN dmarc text NOT NULL DEFAULT 'auto',
    ADD COLUMN sender_header boolean NOT NULL DEFAULT false,
    ADD COLUMN anonymous boolean NOT NULL DEFAULT false,
    ADD COLUMN welcome boolean NOT NULL DEFAULT true,
    ADD COLUMN tell_owners boolean NOT NULL DEFAULT true,
    ADD COLUMN tell_author boolean NOT NULL DEFAULT true,
    ADD COLUMN digest_posts integer NOT NULL DEFAULT 50,
    ADD COLUMN digest_bytes bigint NOT NULL DEFAULT 1048576,
    ADD COLUMN digest_hour integer NOT NULL DEFAULT 6,
    ADD COLUMN archive text NOT NULL DEFAULT 'members',
    ADD COLUMN robots boolean NOT NULL DEFAULT false,
    ADD COLUMN listed boolean NOT NULL DEFAULT false,
    ADD COLUMN created timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT "list.language is de or en"
        CHECK (language IN ('de', 'en')),
    ADD CONSTRAINT "list.policy is open, members, moderated or announce"
        CHECK (policy IN ('open', 'members', 'moderated', 'announce')),
    ADD CONSTRAINT "list.subscribe_policy is open, moderated or closed"
        CHECK (subscribe_policy IN ('open', 'moderated', 'closed')),
    ADD CONSTRAINT "list.nonmember_action is reject, hold or discard"
        CHECK (nonmember_action IN ('reject', 'hold', 'discard')),
    ADD CONSTRAINT "list.spam_action is hold, discard or accept"
        CHECK (spam_action IN ('hold', 'discard', 'accept')),
    ADD CONSTRAINT "list.fanout is shared or personal"
        CHECK (fanout IN ('shared', 'personal')),
    ADD CONSTRAINT "list.dmarc is auto, always, never or wrap"
        CHECK (dmarc IN ('auto', 'always', 'never', 'wrap')),
    ADD CONSTRAINT "list.archive is off, members or public"
        CHECK (archive IN ('off', 'members', 'public'));
COMMENT ON COLUMN hauspost.list.id IS
    'Names its folder in the archive; never given a second time';
COMMENT ON COLUMN hauspost.list.list_id IS
    'RFC 2919: tells the list apart for ever, even if its address changes; '
    'NAME.DOMAIN where not given';
COMMENT ON COLUMN hauspost.list.title IS
    'What people call it, in List-Id: and on its pages';
COMMENT ON COLUMN hauspost.list.description IS
    'A sentence or two for its page';
COMMENT ON COLUMN hauspost.list.language IS
    'Of its letters where a member wants no other: de or en';
COMMENT ON COLUMN hauspost.list.policy IS
    'Who posts: open (everybody), members, moderated (all but moderators '
    'wait for one), announce (posters, moderators and owners only)';
COMMENT ON COLUMN hauspost.list.subscribe_policy IS
    'open: confirm and be in; moderated: an owner agrees as well; closed: '
    'owners add members';
COMMENT ON COLUMN hauspost.list.nonmember_action IS
    'What happens to posts of others: reject, hold or discard';
COMMENT ON COLUMN hauspost.list.spam_action IS
    'What happens to posts that the spam filter has flagged: hold, discard '
    'or accept';
COMMENT ON COLUMN hauspost.list.moderate_new IS
    'So many first posts of a new member wait for a moderator';
COMMENT ON COLUMN hauspost.list.hold IS
    'Emergency: all posts wait for a moderator';
COMMENT ON COLUMN hauspost.list.held_days IS
    'Posts that wait longer are discarded';
COMMENT ON COLUMN hauspost.list.max_size IS
    'Octets of the largest post';
COMMENT ON COLUMN hauspost.list.max_recipients IS
    'A post with more addresses in To and Cc waits for a moderator; 0: any '
    'number';
COMMENT ON COLUMN hauspost.list.allow_bcc IS
    'A post passes that names the list neither in To nor in Cc';
COMMENT ON COLUMN hauspost.list.fanout IS
    'shared: one message for up to 1000 members; personal: one each, with a '
    'link to leave at once. Where not given, personal for announce, else '
    'shared';
COMMENT ON COLUMN hauspost.list.prefix IS
    'Put before subjects: [news]; %n is the post''s number. It breaks the '
    'author''s signature, as footer and reply_to do';
COMMENT ON COLUMN hauspost.list.footer IS
    'Text below each post';
COMMENT ON COLUMN hauspost.list.reply_to IS
    'none: the author''s own; list: the list; or an address';
COMMENT ON COLUMN hauspost.list.reply_to_force IS
    'The author''s own Reply-To goes';
COMMENT ON COLUMN hauspost.list.dmarc IS
    'From becomes the list: auto (where the author''s domain would have the '
    'post refused), always, never; wrap: the post goes inside a message of '
    'the list';
COMMENT ON COLUMN hauspost.list.sender_header IS
    'Adds Sender:, which Outlook shows as "on behalf of"';
COMMENT ON COLUMN hauspost.list.anonymous IS
    'Nothing says who wrote a post';
COMMENT ON COLUMN hauspost.list.welcome IS
    'New members get a letter';
COMMENT ON COLUMN hauspost.list.tell_owners IS
    'Owners are told who came and who left';
COMMENT ON COLUMN hauspost.list.tell_author IS
    'Authors are told that their post waits for a moderator';
COMMENT ON COLUMN hauspost.list.digest_posts IS
    'A digest goes out with so many posts';
COMMENT ON COLUMN hauspost.list.digest_bytes IS
    'Or with so many octets';
COMMENT ON COLUMN hauspost.list.digest_hour IS
    'Or at this hour of the day, local time';
COMMENT ON COLUMN hauspost.list.archive IS
    'Who reads old posts: off, members or public';
COMMENT ON COLUMN hauspost.list.robots IS
    'Search engines may read a public archive';
COMMENT ON COLUMN hauspost.list.listed IS
    'Shown on the page of all lists';
COMMENT ON COLUMN hauspost.list.created IS 'When';

CREATE FUNCTION hauspost.list_id_problem(list_id text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN octet_length(list_id) > 255 THEN
        'has more than 255 octets: choose a shorter one' -- RFC 2919 3
    WHEN list_id !~ '^[a-z0-9_-]+([.][a-z0-9_-]+)+$' THEN
        'is none: write words of a-z, 0-9, _ and - with dots between'
END;

CREATE FUNCTION hauspost.list_text_problem(line text, longest integer)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN line ~ '[[:cntrl:]]' THEN
        'contains a control character: write one line of plain text'
    WHEN octet_length(line) > longest THEN
        format('has more than %s octets: choose a shorter one', longest)
END;

CREATE FUNCTION hauspost.range_problem(
    number bigint, smallest bigint, largest bigint)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN number NOT BETWEEN smallest AND largest THEN
        format('is out of range: write %s to %s', smallest, largest)
END;

CREATE FUNCTION hauspost.list_problems(list hauspost.list) RETURNS text[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT hauspost.sentences(
        -- 25: leaves room for the longest command within 64 octets
        'name', CASE WHEN list.name !~ '^[a-z0-9][a-z0-9._-]{0,24}$'
            THEN 'is none: write 1 to 25 of a-z, 0-9 and . _ -' END,
        format('domain "%s"', list.domain),
            (SELECT format('is of package "%s": choose one of package "%s"',
                    d.package, list.package)
                FROM hauspost.domain AS d
                WHERE d.name = list.domain AND d.package <> list.package),
        format('domain "%s"', list.domain), CASE WHEN list.package IS NULL
            THEN 'is none of ours: add the domain first' END,
        format('list_id "%s"', list.list_id),
            hauspost.list_id_problem(list.list_id),
        'title', hauspost.list_text_problem(list.title, 200),
        'prefix', hauspost.list_text_problem(list.prefix, 60),
        'footer', CASE WHEN octet_length(list.footer) > 4000
            THEN 'has more than 4000 octets: choose a shorter one' END,
        format('reply_to "%s"', list.reply_to), CASE
            WHEN list.reply_to NOT IN ('none', 'list')
                AND NOT hauspost.is_address(list.reply_to)
            THEN 'is none: write none, list, or an address' END,
        format('max_size %s', list.max_size),
            hauspost.size_problem(list.max_size),
        format('max_recipients %s', list.max_recipients),
            hauspost.range_problem(list.max_recipients, 0, 10000),
        format('moderate_new %s', list.moderate_new),
            hauspost.range_problem(list.moderate_new, 0, 1000),
        format('held_days %s', list.held_days),
            hauspost.range_problem(list.held_days, 1, 365),
        format('digest_posts %s', list.digest_posts),
            hauspost.range_problem(list.digest_posts, 1, 1000),
        format('digest_bytes %s', list.digest_bytes),
            hauspost.range_problem(list.digest_bytes, 10000, 100000000),
        format('digest_hour %s', list.digest_hour),
            hauspost.range_problem(list.digest_hour, 0, 23));
END;

CREATE FUNCTION hauspost.check_list() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
    taken    text;
BEGIN
    NEW.package := coalesce(NEW.package, (SELECT d.package
        FROM hauspost.domain AS d WHERE d.name = NEW.domain));
    NEW.list_id := coalesce(NEW.list_id,
        lower((NEW.name || '.' || NEW.domain) COLLATE "C"));
    NEW.fanout := coalesce(NEW.fanout,
        CASE NEW.policy WHEN 'announce' THEN 'personal' ELSE 'shared' END);
    problems := hauspost.list_problems(NEW);
    IF NEW.list_id <> OLD.list_id THEN
        problems := problems || format('list_id stays "%s": filters of '
            'members know the list by it', OLD.list_id);
    END IF;
    taken := hauspost.list_taken(NEW.name, NEW.domain);
    IF taken IS NOT NULL THEN
        problems := problems || format('address %s would be a command to it: '
            'remove one of them', taken);
    END IF;
    PERFORM hauspost.complain(
        format('list "%s@%s"', NEW.name, NEW.domain), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.list
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_list();

-- What counts on stands apart: a post is no change of the directory.
CREATE TABLE hauspost.list_state (
    list      bigint PRIMARY KEY
              REFERENCES hauspost.list (id) ON DELETE CASCADE,
    next_post bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE hauspost.list_state IS 'What counts on in a list';
COMMENT ON COLUMN hauspost.list_state.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_state.next_post IS 'Number of the next post';

CREATE FUNCTION hauspost.list_begin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO hauspost.list_state (list) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER state AFTER INSERT ON hauspost.list
    FOR EACH ROW EXECUTE FUNCTION hauspost.list_begin();

-- list_address, list_member ------------------------------------------------------

CREATE TABLE hauspost.list_address (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address text COLLATE "C" NOT NULL,
    key     text COLLATE "C" GENERATED ALWAYS AS (lower(address)) STORED
            CONSTRAINT "each person once, in whatever case" UNIQUE,
    display text NOT NULL DEFAULT ''
);
COMMENT ON TABLE hauspost.list_address IS
    'People who are or were on a list; all lists share them';
COMMENT ON COLUMN hauspost.list_address.id IS 'Of list_member.address';
COMMENT ON COLUMN hauspost.list_address.address IS
    'As its owner writes it; the domain as lower-case A-label';
COMMENT ON COLUMN hauspost.list_address.key IS
    'By which it is found: upper and lower case are one';
COMMENT ON COLUMN hauspost.list_address.display IS 'Name, where known';

-- NULL, or the list whose command LOCAL_PART is at DOMAIN.
CREATE FUNCTION hauspost.list_commanded(local_part text, domain text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT l.name || '@' || l.domain FROM hauspost.list AS l
        WHERE l.domain = list_commanded.domain
            AND l.name <> local_part
            AND (l.name = split_part(local_part, '+', 1)
                OR l.name = ANY (hauspost.list_prefixes(local_part)))
        LIMIT 1);
END
$$;

-- An address of its own would take a command away from its list, as the more
-- exact one.
CREATE FUNCTION hauspost.check_list_command() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    list text;
BEGIN
    IF NEW.local_part ~ '[+-]' THEN
        list := hauspost.list_commanded(
            lower(NEW.local_part COLLATE "C"), NEW.domain);
    END IF;
    IF list IS NOT NULL THEN
        PERFORM hauspost.complain(
            format('address "%s@%s"', NEW.local_part, NEW.domain),
            ARRAY[format('is a command to the list %s: choose another', list)]);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER commands BEFORE INSERT OR UPDATE OF local_part, domain
    ON hauspost.address
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_list_command();

-- NULL, or an address that would be a command to this list.
CREATE FUNCTION hauspost.list_taken(name text, domain text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT a.identifier FROM hauspost.address AS a
    WHERE a.domain = list_taken.domain
        AND starts_with(lower(a.local_part), name)
        AND substr(a.local_part, length(name) + 1, 1) IN ('+', '-')
        AND hauspost.is_list_command(substr(a.local_part, length(name) + 2))
    LIMIT 1;
END;

-- Letters that a machine answers, or that a list takes for a command, begin
-- loops; so they are kept out here, whoever adds them. In PL/pgSQL, and asking
-- no more than it must: ten thousand come in one statement.
CREATE FUNCTION hauspost.list_address_problem(address text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    local_part text := lower(hauspost.local_of(address) COLLATE "C");
    list       text;
BEGIN
    IF NOT hauspost.is_address(address) OR octet_length(address) > 254 THEN
        RETURN 'is none: write one like user@example.org';
    ELSIF local_part IN ('mailer-daemon', 'postmaster') THEN
        RETURN 'is a machine''s: choose one of a person';
    ELSIF local_part ~ '[+-]' THEN
        list := hauspost.list_commanded(
            local_part, hauspost.domain_of(address));
    END IF;
    RETURN 'is a command to the list ' || list || ': choose another';
END
$$;
COMMENT ON FUNCTION hauspost.list_address_problem(text) IS
    'Why an address can be on no list; NULL: it can';

CREATE FUNCTION hauspost.check_list_address() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problem text;
BEGIN
    IF NEW.address ~ '@.*[A-Z]' THEN
        NEW.address := hauspost.join_address(
            hauspost.local_of(NEW.address), hauspost.domain_of(NEW.address));
    END IF;
    problem := hauspost.list_address_problem(NEW.address);
    IF problem IS NOT NULL OR NEW.display ~ '[[:cntrl:]]'
        OR octet_length(NEW.display) > 200 THEN
        PERFORM hauspost.complain(format('list_address "%s"', NEW.address),
            hauspost.sentences('address', problem,
                'display', hauspost.list_text_problem(NEW.display, 200)));
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE OF address, display
    ON hauspost.list_address
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_list_address();

CREATE TABLE hauspost.list_member (
    id        bigint GENERATED ALWAYS AS IDENTITY
              CONSTRAINT "each membership has a number of its own" UNIQUE,
    list      bigint NOT NULL
              REFERENCES hauspost.list (id) ON DELETE CASCADE,
    address   bigint NOT NULL REFERENCES hauspost.list_address,
    mode      text NOT NULL DEFAULT 'normal',
    state     text NOT NULL DEFAULT 'ok',
    role      text NOT NULL DEFAULT 'member',
    language  text,
    joined    timestamptz NOT NULL DEFAULT now(),
    held_posts_left integer NOT NULL,
    score     numeric(4,1) NOT NULL DEFAULT 0,
    CONSTRAINT "each address once on a list" PRIMARY KEY (list, address),
    CONSTRAINT "list_member.mode is normal, digest or nomail"
        CHECK (mode IN ('normal', 'digest', 'nomail')),
    CONSTRAINT
        "list_member.state is ok, probing, disabled_bounce or disabled_user"
        CHECK (state IN ('ok', 'probing', 'disabled_bounce',
            'disabled_user')),
    CONSTRAINT "list_member.role is member, poster, moderator or owner"
        CHECK (role IN ('member', 'poster', 'moderator', 'owner')),
    CONSTRAINT "list_member.language is de, en or NULL"
        CHECK (language IN ('de', 'en'))
);
COMMENT ON TABLE hauspost.list_member IS
    'Who is on which list. Every change leaves a row in list_event';
COMMENT ON COLUMN hauspost.list_member.id IS
    'In links and return paths; never given a second time';
COMMENT ON COLUMN hauspost.list_member.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_member.address IS 'list_address.id';
COMMENT ON COLUMN hauspost.list_member.mode IS
    'normal: every post; digest: many in one; nomail: none';
COMMENT ON COLUMN hauspost.list_member.state IS
    'ok; probing: mail came back, a letter finds out; disabled_bounce: it '
    'still does; disabled_user: paused by the member';
COMMENT ON COLUMN hauspost.list_member.role IS
    'member; poster: posts to an announce list; moderator: decides on held '
    'posts; owner: that, and is written to by +owner';
COMMENT ON COLUMN hauspost.list_member.language IS
    'Of letters to this member; NULL: the list''s';
COMMENT ON COLUMN hauspost.list_member.joined IS 'When';
COMMENT ON COLUMN hauspost.list_member.held_posts_left IS
    'So many posts wait for a moderator; list.moderate_new where not given';
COMMENT ON COLUMN hauspost.list_member.score IS
    'What came back, weighed';
CREATE INDEX ON hauspost.list_member (address);

CREATE FUNCTION hauspost.check_list_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moderate_new integer;
    own          text;
BEGIN
    SELECT l.moderate_new, l.name || '@' || l.domain INTO moderate_new, own
    FROM hauspost.list AS l WHERE l.id = NEW.list;
    NEW.held_posts_left := coalesce(NEW.held_posts_left, moderate_new);
    IF own = (SELECT a.key FROM hauspost.list_address AS a
        WHERE a.id = NEW.address) THEN
        PERFORM hauspost.complain(format('list_member of "%s"', own),
            ARRAY['address is the list itself: choose another']);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE OF list, address
    ON hauspost.list_member
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_list_member();

-- What happens ---------------------------------------------------------------------

CREATE TABLE hauspost.list_event (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    list    bigint NOT NULL,
    address text COLLATE "C",
    kind    text NOT NULL,
    actor   text NOT NULL,
    source  text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE hauspost.list_event IS
    'What was done and by whom; the proof that a member asked and confirmed, '
    'kept when the member or the list is gone';
COMMENT ON COLUMN hauspost.list_event.id IS 'Order of the events';
COMMENT ON COLUMN hauspost.list_event.at IS 'When';
COMMENT ON COLUMN hauspost.list_event.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_event.address IS 'Whom it concerns';
COMMENT ON COLUMN hauspost.list_event.kind IS
    'asked, confirmed, joined, changed, left, held, accepted, refused, …';
COMMENT ON COLUMN hauspost.list_event.actor IS
    'Who: an address, or the role that had logged in to the database';
COMMENT ON COLUMN hauspost.list_event.source IS
    'By which way: mail ID, web IP, sql';
COMMENT ON COLUMN hauspost.list_event.detail IS 'What else is known';
CREATE INDEX ON hauspost.list_event (list, at);
CREATE INDEX ON hauspost.list_event (address);

CREATE FUNCTION hauspost.list_act(actor text, source text) RETURNS void
LANGUAGE sql
AS $$
    SELECT set_config('hauspost.list_actor', coalesce(actor, ''), true),
        set_config('hauspost.list_source', coalesce(source, ''), true)
$$;
COMMENT ON FUNCTION hauspost.list_act(text, text) IS
    'Who changes members by which way, for the rest of the transaction';

CREATE FUNCTION hauspost.list_note(
    list bigint, address text, kind text, detail jsonb DEFAULT '{}')
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO hauspost.list_event (list, address, kind, detail, actor, source)
    VALUES (list_note.list, list_note.address, list_note.kind,
        list_note.detail,
        coalesce(nullif(current_setting('hauspost.list_actor', true), ''),
            session_user),
        coalesce(nullif(current_setting('hauspost.list_source', true), ''),
            'sql'))
$$;
COMMENT ON FUNCTION hauspost.list_note(bigint, text, text, jsonb) IS
    'Writes an event; who and by which way was said by list_act()';

-- By triggers, so that nobody who adds members by SQL forgets the proof; once
-- for a statement, so that ten thousand of them take no longer for it.
CREATE FUNCTION hauspost.note_members() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM hauspost.list_note(n.list, a.address, 'changed',
            jsonb_build_object('mode', n.mode, 'state', n.state,
                'role', n.role, 'language', n.language))
        FROM new_rows AS n
        JOIN old_rows AS o ON o.id = n.id
        JOIN hauspost.list_address AS a ON a.id = n.address
        WHERE (n.mode, n.state, n.role, n.language)
            IS DISTINCT FROM (o.mode, o.state, o.role, o.language);
    ELSE
        PERFORM hauspost.list_note(m.list, a.address,
            CASE TG_OP WHEN 'INSERT' THEN 'joined' ELSE 'left' END,
            jsonb_build_object('mode', m.mode, 'role', m.role))
        FROM changed_rows AS m
        JOIN hauspost.list_address AS a ON a.id = m.address;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_insert AFTER INSERT ON hauspost.list_member
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.note_members();
CREATE TRIGGER note_delete AFTER DELETE ON hauspost.list_member
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.note_members();
CREATE TRIGGER note_update AFTER UPDATE ON hauspost.list_member
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.note_members();

CREATE TABLE hauspost.list_pending (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    list       bigint NOT NULL
               REFERENCES hauspost.list (id) ON DELETE CASCADE,
    action     text NOT NULL,
    address    text COLLATE "C" NOT NULL,
    mode       text NOT NULL DEFAULT 'normal',
    language   text NOT NULL DEFAULT 'de',
    source     text NOT NULL,
    created    timestamptz NOT NULL DEFAULT now(),
    expires    timestamptz NOT NULL DEFAULT now() + '7 days',
    CONSTRAINT "one request of an address at a time"
        UNIQUE (list, address, action)
);
COMMENT ON TABLE hauspost.list_pending IS
    'What somebody asked for and has still to confirm';
COMMENT ON COLUMN hauspost.list_pending.id IS 'Its token is made of it';
COMMENT ON COLUMN hauspost.list_pending.token_hash IS
    'SHA-256 of the token that confirms it';
COMMENT ON COLUMN hauspost.list_pending.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_pending.action IS
    'What: subscribe, unsubscribe, set, …';
COMMENT ON COLUMN hauspost.list_pending.address IS 'For whom';
COMMENT ON COLUMN hauspost.list_pending.mode IS 'normal, digest or nomail';
COMMENT ON COLUMN hauspost.list_pending.language IS 'Of the letter';
COMMENT ON COLUMN hauspost.list_pending.source IS
    'By which mail or from which IP address';
COMMENT ON COLUMN hauspost.list_pending.created IS 'When';
COMMENT ON COLUMN hauspost.list_pending.expires IS
    'From then on it is worthless';

CREATE TABLE hauspost.list_letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list        bigint NOT NULL
                REFERENCES hauspost.list (id) ON DELETE CASCADE,
    kind        text NOT NULL,
    address     text COLLATE "C" NOT NULL,
    language    text NOT NULL DEFAULT 'de',
    vars        jsonb NOT NULL DEFAULT '{}',
    return_path text NOT NULL DEFAULT 'none',
    held        bigint,
    not_before  timestamptz NOT NULL DEFAULT now(),
    tries       integer NOT NULL DEFAULT 0,
    created     timestamptz NOT NULL DEFAULT now(),
    sent        timestamptz
);
COMMENT ON TABLE hauspost.list_letter IS
    'Letters to single persons, written with the change they tell of';
COMMENT ON COLUMN hauspost.list_letter.id IS 'Part of its Message-ID';
COMMENT ON COLUMN hauspost.list_letter.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_letter.kind IS
    'Which text: confirm-sub, welcome, moderate, probe, …';
COMMENT ON COLUMN hauspost.list_letter.address IS 'To whom';
COMMENT ON COLUMN hauspost.list_letter.language IS 'de or en';
COMMENT ON COLUMN hauspost.list_letter.vars IS
    'What is filled in to the text';
COMMENT ON COLUMN hauspost.list_letter.return_path IS
    'Where it comes back to: none, c (a request ends), p (a probe failed)';
COMMENT ON COLUMN hauspost.list_letter.held IS
    'list_held.id of the post that goes with it';
COMMENT ON COLUMN hauspost.list_letter.not_before IS 'Not sent before';
COMMENT ON COLUMN hauspost.list_letter.tries IS 'How often it was tried';
COMMENT ON COLUMN hauspost.list_letter.created IS 'When it was written';
COMMENT ON COLUMN hauspost.list_letter.sent IS 'When it was sent; NULL: not';
CREATE INDEX ON hauspost.list_letter (not_before) WHERE sent IS NULL;
CREATE INDEX ON hauspost.list_letter (address, created);

-- Posts ----------------------------------------------------------------------------

CREATE TABLE hauspost.list_held (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list       bigint NOT NULL
               REFERENCES hauspost.list (id) ON DELETE CASCADE,
    reason     text NOT NULL,
    sender     text COLLATE "C" NOT NULL,
    author     text COLLATE "C",
    subject    text NOT NULL DEFAULT '',
    message_id text,
    size_bytes bigint NOT NULL,
    spam       boolean NOT NULL DEFAULT false,
    auth       jsonb NOT NULL DEFAULT '{}',
    created    timestamptz NOT NULL DEFAULT now(),
    expires    timestamptz NOT NULL,
    decision   text,
    decided    timestamptz,
    decided_by text,
    CONSTRAINT "list_held.decision is ok, no, drop, member or expired"
        CHECK (decision IN ('ok', 'no', 'drop', 'member', 'expired'))
);
COMMENT ON TABLE hauspost.list_held IS
    'Posts that wait for a moderator; the message is LIST/held/ID.eml';
COMMENT ON COLUMN hauspost.list_held.id IS
    'Its token is made of it, and the name of its file';
COMMENT ON COLUMN hauspost.list_held.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_held.reason IS 'Why it waits';
COMMENT ON COLUMN hauspost.list_held.sender IS 'Envelope sender';
COMMENT ON COLUMN hauspost.list_held.author IS 'Address in From';
COMMENT ON COLUMN hauspost.list_held.subject IS 'Decoded';
COMMENT ON COLUMN hauspost.list_held.message_id IS 'Without its < >';
COMMENT ON COLUMN hauspost.list_held.size_bytes IS 'Of the message';
COMMENT ON COLUMN hauspost.list_held.spam IS
    'The spam filter has flagged it: nobody is told but moderators';
COMMENT ON COLUMN hauspost.list_held.auth IS
    'What was known when it came: dkim, dmarc';
COMMENT ON COLUMN hauspost.list_held.created IS 'When it came';
COMMENT ON COLUMN hauspost.list_held.expires IS 'Until when it waits';
COMMENT ON COLUMN hauspost.list_held.decision IS
    'ok, no (author is told), drop, member (ok, and its author may post '
    'from now on), expired; NULL: none yet';
COMMENT ON COLUMN hauspost.list_held.decided IS 'When';
COMMENT ON COLUMN hauspost.list_held.decided_by IS 'By whom';
CREATE INDEX ON hauspost.list_held (list, created) WHERE decision IS NULL;

CREATE TABLE hauspost.list_post (
    list        bigint NOT NULL
                REFERENCES hauspost.list (id) ON DELETE CASCADE,
    n           bigint NOT NULL,
    issue       integer,
    posted      timestamptz NOT NULL DEFAULT now(),
    message_id  text NOT NULL,
    from_name   text NOT NULL DEFAULT '',
    from_mail   text COLLATE "C" NOT NULL DEFAULT '',
    subject     text NOT NULL DEFAULT '',
    date        timestamptz,
    in_reply_to text,
    refs        text[] NOT NULL DEFAULT '{}',
    thread      bigint,
    size_bytes  bigint NOT NULL,
    members     integer NOT NULL DEFAULT 0,
    sent        timestamptz,
    PRIMARY KEY (list, n)
);
COMMENT ON TABLE hauspost.list_post IS
    'Posts that were let through; the message is LIST/N/1000/N.eml';
COMMENT ON COLUMN hauspost.list_post.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_post.n IS 'Counted from 1 in each list';
COMMENT ON COLUMN hauspost.list_post.issue IS
    'Number of this digest, which members in digest mode get; NULL: a post';
COMMENT ON COLUMN hauspost.list_post.posted IS 'When';
COMMENT ON COLUMN hauspost.list_post.message_id IS 'Without its < >';
COMMENT ON COLUMN hauspost.list_post.from_name IS 'Its author''s name';
COMMENT ON COLUMN hauspost.list_post.from_mail IS 'Address in From';
COMMENT ON COLUMN hauspost.list_post.subject IS 'Decoded';
COMMENT ON COLUMN hauspost.list_post.date IS 'Date: header, where readable';
COMMENT ON COLUMN hauspost.list_post.in_reply_to IS
    'Message-ID of what it answers';
COMMENT ON COLUMN hauspost.list_post.refs IS 'References, oldest first';
COMMENT ON COLUMN hauspost.list_post.thread IS
    'Number of the post that its thread begins with';
COMMENT ON COLUMN hauspost.list_post.size_bytes IS 'Of the message';
COMMENT ON COLUMN hauspost.list_post.members IS 'How many it goes to';
COMMENT ON COLUMN hauspost.list_post.sent IS
    'When Postfix had it for the last of them; NULL: not yet';
CREATE INDEX ON hauspost.list_post (list, message_id);
CREATE INDEX ON hauspost.list_post (list, thread);

CREATE TABLE hauspost.list_send (
    list       bigint NOT NULL,
    n          bigint NOT NULL,
    group_no   integer NOT NULL,
    fanout     text NOT NULL,
    state      text NOT NULL DEFAULT 'waiting',
    members    bigint[] NOT NULL,
    not_before timestamptz NOT NULL DEFAULT now(),
    tries      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (list, n, group_no),
    FOREIGN KEY (list, n) REFERENCES hauspost.list_post ON DELETE CASCADE,
    CONSTRAINT "list_send.fanout is shared or personal"
        CHECK (fanout IN ('shared', 'personal')),
    CONSTRAINT "list_send.state is waiting, injecting or sent"
        CHECK (state IN ('waiting', 'injecting', 'sent'))
);
COMMENT ON TABLE hauspost.list_send IS
    'The way out of a post, in groups of members. A group that a crash found '
    'injecting is sent again, in smaller ones';
COMMENT ON COLUMN hauspost.list_send.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_send.n IS 'list_post.n';
COMMENT ON COLUMN hauspost.list_send.group_no IS 'Counted from 1 in a post';
COMMENT ON COLUMN hauspost.list_send.fanout IS
    'shared: one message for all of them; personal: one each';
COMMENT ON COLUMN hauspost.list_send.state IS 'waiting, injecting or sent';
COMMENT ON COLUMN hauspost.list_send.members IS
    'list_member.id of each; who has left meanwhile gets nothing';
COMMENT ON COLUMN hauspost.list_send.not_before IS 'Not sent before';
COMMENT ON COLUMN hauspost.list_send.tries IS 'How often Postfix put it off';
CREATE INDEX ON hauspost.list_send (not_before) WHERE state <> 'sent';

-- Who and what may pass ------------------------------------------------------------

CREATE TABLE hauspost.list_text (
    list     bigint NOT NULL
             REFERENCES hauspost.list (id) ON DELETE CASCADE,
    language text NOT NULL,
    name     text COLLATE "C" NOT NULL,
    subject  text NOT NULL DEFAULT '',
    body     text NOT NULL,
    PRIMARY KEY (list, language, name),
    CONSTRAINT "list_text.language is de or en"
        CHECK (language IN ('de', 'en')),
    CONSTRAINT "list_text.subject is one line"
        CHECK (subject !~ '[[:cntrl:]]')
);
COMMENT ON TABLE hauspost.list_text IS
    'Texts that a list has instead of the usual ones';
COMMENT ON COLUMN hauspost.list_text.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_text.language IS 'de or en';
COMMENT ON COLUMN hauspost.list_text.name IS
    'Which: welcome, goodbye, held, …';
COMMENT ON COLUMN hauspost.list_text.subject IS 'Of the letter';
COMMENT ON COLUMN hauspost.list_text.body IS
    'The text; {list}, {address}, {url} and so on are filled in';

CREATE TABLE hauspost.list_header_rule (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list     bigint NOT NULL
             REFERENCES hauspost.list (id) ON DELETE CASCADE,
    position integer NOT NULL DEFAULT 100,
    action   text NOT NULL,
    header   text COLLATE "C" NOT NULL,
    negate   boolean NOT NULL DEFAULT false,
    pattern  text NOT NULL,
    CONSTRAINT
        "list_header_rule.action is accept, hold, reject or discard"
        CHECK (action IN ('accept', 'hold', 'reject', 'discard')),
    CONSTRAINT "list_header_rule.header is the name of a header"
        CHECK (header ~ '^[!-9;-~]{1,76}$'),
    -- Raises what is wrong with one that is none.
    CONSTRAINT "list_header_rule.pattern is an expression"
        CHECK (('' ~ pattern) IS NOT NULL),
    CONSTRAINT "list_header_rule.pattern has 1 to 1000 octets"
        CHECK (octet_length(pattern) BETWEEN 1 AND 1000)
);
COMMENT ON TABLE hauspost.list_header_rule IS
    'What is done with posts that have, or have not, such a header; the first '
    'rule that fits decides';
COMMENT ON COLUMN hauspost.list_header_rule.id IS 'To name the row by';
COMMENT ON COLUMN hauspost.list_header_rule.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_header_rule.position IS
    'Small ones first';
COMMENT ON COLUMN hauspost.list_header_rule.action IS
    'accept, hold, reject or discard';
COMMENT ON COLUMN hauspost.list_header_rule.header IS
    'Which header, without its colon';
COMMENT ON COLUMN hauspost.list_header_rule.negate IS
    'The rule fits where no such header matches';
COMMENT ON COLUMN hauspost.list_header_rule.pattern IS
    'Regular expression; upper and lower case are one';
CREATE INDEX ON hauspost.list_header_rule (list, position);

CREATE FUNCTION hauspost.is_list_pattern(pattern text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    pattern = lower(pattern COLLATE "C") AND (hauspost.is_address(pattern)
        OR left(pattern, 1) = '@'
            AND hauspost.is_host_name(substr(pattern, 2)));
COMMENT ON FUNCTION hauspost.is_list_pattern(text) IS
    'user@example.org or @example.org, in lower case';

CREATE TABLE hauspost.list_ban (
    list    bigint REFERENCES hauspost.list (id) ON DELETE CASCADE,
    pattern text COLLATE "C" NOT NULL,
    reason  text NOT NULL DEFAULT '',
    CONSTRAINT "each pattern once" UNIQUE NULLS NOT DISTINCT (list, pattern),
    CONSTRAINT "list_ban.pattern is an address or @domain, in lower case"
        CHECK (hauspost.is_list_pattern(pattern))
);
COMMENT ON TABLE hauspost.list_ban IS 'Who may neither post nor subscribe';
COMMENT ON COLUMN hauspost.list_ban.list IS 'list.id; NULL: all lists';
COMMENT ON COLUMN hauspost.list_ban.pattern IS
    'user@example.org, or @example.org for all of it';
COMMENT ON COLUMN hauspost.list_ban.reason IS 'For the owners';

CREATE TABLE hauspost.list_allow (
    list    bigint NOT NULL REFERENCES hauspost.list (id) ON DELETE CASCADE,
    pattern text COLLATE "C" NOT NULL,
    PRIMARY KEY (list, pattern),
    CONSTRAINT "list_allow.pattern is an address or @domain, in lower case"
        CHECK (hauspost.is_list_pattern(pattern))
);
COMMENT ON TABLE hauspost.list_allow IS
    'Who posts like a member without being one; another list, too';
COMMENT ON COLUMN hauspost.list_allow.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_allow.pattern IS
    'user@example.org, or @example.org for all of it';

-- Tokens ---------------------------------------------------------------------------
--
-- Lower-case base32: mail systems fold case and mangle other alphabets. A
-- token follows from the row it stands for, so that it can be sent again and
-- is kept nowhere.

CREATE FUNCTION hauspost.base32(octets bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    bits bit varying := ('x' || encode(octets, 'hex'))::bit varying || B'0000';
    text text := '';
BEGIN
    FOR i IN 1..(octet_length(octets) * 8) BY 5 LOOP
        text := text || substr('abcdefghijklmnopqrstuvwxyz234567',
            substring(bits FROM i FOR 5)::bit(5)::integer + 1, 1);
    END LOOP;
    RETURN text;
END
$$;
COMMENT ON FUNCTION hauspost.base32(bytea) IS
    'RFC 4648 6, in lower case and without =';

CREATE FUNCTION hauspost.list_mac(body text) RETURNS bytea
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN hauspost_crypto.hmac(convert_to(body, 'UTF8'),
        (SELECT s.value FROM hauspost.secret AS s WHERE s.name = 'list'),
        'sha256');
END
$$;
COMMENT ON FUNCTION hauspost.list_mac(text) IS
    'HMAC-SHA256 under the secret list; for functions, not for programs';

CREATE FUNCTION hauspost.list_token(
    purpose text, id bigint, created timestamptz)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN hauspost.base32(substr(hauspost.list_mac(
        format('%s %s %s', purpose, id, extract(epoch FROM created))), 1, 16));
END
$$;
COMMENT ON FUNCTION hauspost.list_token(text, bigint, timestamptz) IS
    'The 26 characters that stand for a row: purpose pending, held or letter';

CREATE FUNCTION hauspost.list_token_hash(token text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(lower(token COLLATE "C"), 'UTF8'));
COMMENT ON FUNCTION hauspost.list_token_hash(text) IS
    'By which a token is found';

-- What the programs ask ------------------------------------------------------------


CREATE FUNCTION hauspost.list_settings(name text, domain text)
RETURNS TABLE (
    id bigint, list_name text, list_domain text, address text, list_id text,
    title text, description text, language text, policy text,
    held_days integer, fanout text, prefix text, footer text,
    reply_to text, reply_to_force boolean, dmarc text,
    sender_header boolean, anonymous boolean,
    tell_owners boolean, tell_author boolean,
    digest_posts integer, digest_bytes bigint, digest_hour integer,
    archive text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.id, l.name, l.domain, l.name || '@' || l.domain, l.list_id,
        l.title, l.description, l.language, l.policy, l.held_days, l.fanout,
        l.prefix, l.footer, l.reply_to, l.reply_to_force, l.dmarc,
        l.sender_header, l.anonymous, l.tell_owners, l.tell_author,
        l.digest_posts, l.digest_bytes, l.digest_hour, l.archive
    FROM hauspost.list AS l
    WHERE l.domain = list_settings.domain AND l.name = list_settings.name
$$;
COMMENT ON FUNCTION hauspost.list_settings(text, text) IS
    'What is set for a list, as listmgr reads it; no row: there is none';

CREATE FUNCTION hauspost.list_named(id bigint)
RETURNS TABLE (name text, domain text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.name, l.domain FROM hauspost.list AS l WHERE l.id = list_named.id
$$;
COMMENT ON FUNCTION hauspost.list_named(bigint) IS
    'What a list is called now';

DO $$
BEGIN
    PERFORM hauspost.keep_journal(t)
    FROM unnest('{
        hauspost.list_text, hauspost.list_header_rule, hauspost.list_ban,
        hauspost.list_allow}'::regclass[]) AS t;
END
$$;

GRANT EXECUTE ON FUNCTION
    hauspost.list_settings(text, text), hauspost.list_named(bigint)
    TO hauspost_listmgr;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    hauspost.list_address, hauspost.list_member, hauspost.list_text,
    hauspost.list_header_rule, hauspost.list_ban, hauspost.list_allow
    TO hauspost_admin;
GRANT SELECT ON
    hauspost.list_state, hauspost.list_pending, hauspost.list_letter,
    hauspost.list_held, hauspost.list_post, hauspost.list_send,
    hauspost.list_event
    TO hauspost_admin;

RESET ROLE;
