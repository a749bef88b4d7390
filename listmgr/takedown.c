#include "listmgr/takedown.h"

#include "core/log.h"
#include "listmgr/archive.h"

static const struct db_stmt to_erase = { "takedown-find",
	"SELECT list, n FROM hauspost.list_to_erase($1)", 1 };
static const struct db_stmt erased = { "takedown-done",
	"SELECT hauspost.list_erased($1::bigint, $2::bigint)", 2 };

/* The file first: after a crash in between it is done once more. */
static int
erase(const struct lists *lists, const struct db_result *rows, int row,
    struct why *why)
{
	long long list = db_number(rows, row, 0), n = db_number(rows, row, 1);
	const struct slice params[] = { db_text(rows, row, 0),
		db_text(rows, row, 1) };
	int r = archive_erase_post(lists, list, n, why);

	if (r == 0)
		r = db_ask(lists->db, &erased, params, NULL, why);
	if (r < 0)
		return r;
	log_event(LOG_INFO, NULL, "erased", LOG_NUM("list", list),
	    LOG_NUM("post", n));
	return 0;
}

int
takedown_erase(const struct lists *lists, struct slice node, struct why *why)
{
	struct db_result *rows;
	int r = db_ask(lists->db, &to_erase, &node, &rows, why);

	if (r < 0)
		return r;
	for (int row = 0; r >= 0 && row < db_rows(rows); row++)
		r = erase(lists, rows, row, why);
	db_done(rows);
	return r < 0 ? r : 0;
}
