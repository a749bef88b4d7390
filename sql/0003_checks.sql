-- 0003_checks.sql - what a row must be, and what to write instead.
--
-- A BEFORE trigger per table looks at one row, collects everything that is
-- wrong with it and raises it together (check_violation; one DETAIL line per
-- problem where there are several). What depends on other rows waits for the
-- end of the transaction, so that an admin may insert in any order.
--
-- Grammar is checked when a value is written, not ever after: a stricter rule
-- of a later version leaves the rows there are alone.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.complain(what text, problems text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    CASE coalesce(cardinality(problems), 0)
    WHEN 0 THEN
        RETURN;
    WHEN 1 THEN
        RAISE check_violation USING
            MESSAGE = what || ': ' || problems[1];
    ELSE
        RAISE check_violation USING
            MESSAGE = format('%s: %s problems', what, cardinality(problems)),
            DETAIL = array_to_string(problems, E'\n');
    END CASE;
END
$$;
COMMENT ON FUNCTION hauspost.complain(text, text[]) IS
    'Raises all problems of one row together; none is fine';

RESET ROLE;
