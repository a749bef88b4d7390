/*
 * core/why.h - what became of a message, and why.
 *
 * A verdict is the class of an SMTP reply. Deferred is safe, lost is not:
 * whatever is our own fault or unclear is MAIL_TEMPFAIL, and only what the
 * sender or the recipient must change is MAIL_PERMFAIL.
 *
 * struct why keeps three readers apart: dsn is for machines (RFC 3463),
 * reply is what the peer may read, detail is for our log. Paths, SQL and
 * host names belong in detail.
 */
#ifndef HAUSPOST_CORE_WHY_H
#define HAUSPOST_CORE_WHY_H

enum verdict { MAIL_OK = 2, MAIL_TEMPFAIL = 4, MAIL_PERMFAIL = 5 };

enum {
	WHY_DSN_MAX = 12,    /* "5.999.999" and NUL */
	WHY_REPLY_MAX = 400, /* fits a reply line of 512 (RFC 5321 4.5.3.1.5) */
	WHY_DETAIL_MAX = 512,
};

struct why {
	enum verdict verdict; /* 0 while nothing was said */
	int code;	      /* SMTP: 250, 450, 550 … */
	char dsn[WHY_DSN_MAX];
	char reply[WHY_REPLY_MAX];
	char detail[WHY_DETAIL_MAX];
};

/* Says code, dsn and reply; the verdict follows from the code's class. */
enum verdict why_say(struct why *why, int code, const char *dsn,
    const char *reply_format, ...) __attribute__((format(printf, 4, 5)));

/* Adds what only our log may show. */
void why_detail(struct why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A system call failed with error (positive errno) while we did what the
 * format describes. The one place that knows which errno means what to a
 * peer: a full quota is 452 4.2.2, a full disk 452 4.3.1, all else is
 * 451 4.3.0; never permanent. Returns MAIL_TEMPFAIL.
 */
enum verdict why_errno(struct why *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For functions that return 0 or -errno: fills why, gives -error back. */
#define why_fail(why, error, ...)                                              \
	((void)why_errno((why), (error), __VA_ARGS__), -(error))

#endif
