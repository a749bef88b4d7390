#include "listmgr/letters.h"

#include "core/log.h"
#include "listmgr/handed.h"
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

static struct slice
return_path(const struct sending *s)
{
	if (s->return_path.n == 0)
		return (struct slice){ "", 0 };
	return slice_of(
	    arena_printf(s->arena, "%.*s+%.*s@%.*s", SLICE_FMT(s->name),
		SLICE_FMT(s->return_path), SLICE_FMT(s->domain)));
}

static void
note(const struct sending *s, const struct smtpc_mail *mail,
    const struct why *why)
{
	const struct handed handed = { .sender = mail->sender,
		.recipient = s->letter.to,
		.parts = mail->parts,
		.n_parts = mail->n_parts,
		.size_bytes = s->size_bytes,
		.why = why,
		.reason = s->kind };

	handed_note(s->listmgr, s->arena, &handed);
}

static enum verdict
hand_over(const struct sending *s, struct smtpc *smtpc, struct why *why)
{
	struct slice sender = return_path(s);
	/* That it comes late is nobody's business; that it does not, ours. */
	struct smtpc_rcpt rcpt = { .address = s->letter.to,
		.params = sender.n > 0 ? SLICE("NOTIFY=FAILURE")
				       : SLICE("NOTIFY=NEVER") };
	struct smtpc_mail mail = { .sender = sender,
		.params = SLICE("BODY=8BITMIME"),
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.parts = s->parts,
		.n_parts = s->n_parts };
	enum verdict verdict = smtpc_send(smtpc, &mail, why);

	if (verdict == MAIL_OK)
		note(s, &mail, why);
	return verdict;
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
