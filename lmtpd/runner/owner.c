#include "lmtpd/runner/owner.h"

#include <errno.h>

static const struct db_stmt run_job = { "run-job",
	"SELECT mailbox, package, uid, gid, home, program"
	" FROM hauspost.run_job($1)",
	1 };

static const char *
text(const struct db_result *row, int column, struct arena *arena)
{
	return db_is_null(row, 0, column)
		   ? NULL
		   : arena_slice(arena, db_text(row, 0, column)).p;
}

static int
read_row(const struct db_result *row, struct arena *arena,
    struct owner *owner_out, struct why *why)
{
	long long uid, gid;

	if (db_rows(row) == 0)
		return why_fail(why, ESRCH, "find the owner of the leaf");
	uid = db_number(row, 0, 2);
	gid = db_number(row, 0, 3);
	if (uid < OWNER_ID_MIN || gid < OWNER_ID_MIN)
		return why_fail(
		    why, EPERM, "run as uid %lld, gid %lld", uid, gid);
	*owner_out = (struct owner){ .mailbox = text(row, 0, arena),
		.package = text(row, 1, arena),
		.home = text(row, 4, arena),
		.uid = (uid_t)uid,
		.gid = (gid_t)gid,
		.program = text(row, 5, arena) };
	return 0;
}

int
owner_find(struct db_pool *pool, struct arena *arena, const char *leaf,
    struct owner *owner_out, struct why *why)
{
	const struct slice param = slice_of(leaf);
	struct db_result *row = NULL;
	int r = db_ask(pool, &run_job, &param, &row, why);

	if (r == 0)
		r = read_row(row, arena, owner_out, why);
	db_done(row);
	return r;
}
