#include "listmgr/letters.h"

#include "core/log.h"
#include "listmgr/sending.h"

static const struct db_stmt take = { "letters-take",
	"SELECT id, list, name, domain, kind, address, language, answers,"
	" replied, return_path, held, subject, body, names, texts,"
	" posts::text[] FROM hauspost.list_letters_take($1, $2::int)",
	2 };
static const struct db_stmt mark_sent = { "letters-sent",
	"SELECT hauspost.list_letter_sent($1::bigint)", 1 };
static const struct db_stmt mark_failed = { "letters-failed",
	"SELECT hauspost.list_letter_failed($1::bigint)", 1 };

static enum verdict
hand_over(struct sending *s, struct smtpc *smtpc, struct why *why)
{
	struct slice sender = s->return_path;
	struct smtpc_rcpt rcpt = { .address = s->letter.to };
	struct smtpc_mail mail = { .params = SLICE("BODY=8BITMIME"),
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.parts = s->parts,
		.n_parts = s->n_parts };

	if (sender.n > 0)
		mail.sender = slice_of(
		    arena_printf(s->arena, "%.*s+%.*s@%.*s", SLICE_FMT(s->name),
			SLICE_FMT(sender), SLICE_FMT(s->domain)));
	/* That it comes late is nobody's business; that it does not, ours. */
	rcpt.params =
	    sender.n > 0 ? SLICE("NOTIFY=FAILURE") : SLICE("NOTIFY=NEVER");
	return smtpc_send(smtpc, &mail, why);
}

static enum verdict
send_one(struct sending *s, struct smtpc *smtpc, struct why *why)
{
	return sending_compose(s, why) < 0 ? MAIL_TEMPFAIL
					   : hand_over(s, smtpc, why);
}

static int
mark(struct sending *s, enum verdict verdict, const struct why *said,
    struct why *why)
{
	struct slice id = db_number_param(s->arena, s->id);

	log_event(verdict == MAIL_OK ? LOG_INFO : LOG_WARNING, NULL,
	    verdict == MAIL_OK ? "letter" : "letter-not-sent",
	    LOG_SLICE("list", sending_word(s, "list")),
	    LOG_SLICE("kind", s->kind), LOG_SLICE("to", s->letter.to),
	    LOG_NUM("letter", s->id), LOG_WHY(said));
	return db_ask(s->listmgr->lists.db,
	    verdict == MAIL_TEMPFAIL ? &mark_failed : &mark_sent, &id, NULL,
	    why);
}

/* Sends a row; the connection may be gone, or never have been there. */
static int
send_row(const struct listmgr *listmgr, struct smtpc *smtpc,
    const struct db_result *rows, int row, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct sending s;
	struct why said = { 0 };
	enum verdict verdict = MAIL_TEMPFAIL;
	int r;

	sending_init(&s, listmgr, &arena);
	sending_read(&s, rows, row);
	if (smtpc != NULL && smtpc_usable(smtpc))
		verdict = send_one(&s, smtpc, &said);
	else
		said = *why;
	r = mark(&s, verdict, &said, why);
	sending_done(&s);
	arena_done(&arena);
	return r;
}

int
letters_send(const struct listmgr *listmgr, struct why *why)
{
	struct arena arena = ARENA_INIT;
	const struct slice params[] = { slice_of(
					    listmgr->settings->common.node),
		db_number_param(&arena, LETTERS_PAGE) };
	struct smtpc *smtpc = NULL;
	struct db_result *rows;
	int n, r = db_ask(listmgr->lists.db, &take, params, &rows, why);

	arena_done(&arena);
	if (r < 0)
		return r;
	n = db_rows(rows);
	if (n > 0)
		(void)smtpc_open(&listmgr->inject, &smtpc, why);
	for (int i = 0; i < n && r >= 0; i++)
		r = send_row(listmgr, smtpc, rows, i, why);
	smtpc_close(smtpc);
	db_done(rows);
	return r < 0 ? r : n;
}
