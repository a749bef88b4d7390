/*
 * sendmail/options.h - the words that programs call sendmail with, as Postfix'
 * sendmail(1) understands them, and --config and the like as all our programs.
 *
 * What has no meaning here (-om, -odb, -G, -X FILE …) is taken and ignored: a
 * program that was written for another sendmail must not fail for it.
 */
#ifndef HAUSPOST_SENDMAIL_OPTIONS_H
#define HAUSPOST_SENDMAIL_OPTIONS_H

#include <stdbool.h>

enum options_mode {
	MODE_DELIVER,  /* -bm: a message on stdin */
	MODE_SESSION,  /* -bs: SMTP on stdin and stdout */
	MODE_QUEUE,    /* -bp: what waits */
	MODE_NOTHING,  /* -bi: aliases are in the directory */
	MODE_CHECK,    /* --check */
	MODE_SETTINGS, /* --settings */
	MODE_VERSION,
	MODE_HELP,
	MODE_USAGE, /* not understood */
};

struct options {
	enum options_mode mode;
	const char *config_path; /* NULL: the usual, if it can be read */
	const char *sender;	 /* -f, -r; NULL: who calls us */
	const char *full_name;	 /* -F, or NULL */
	const char *notify, *ret, *envid; /* -N, -R, -V, or NULL */
	bool from_header;		  /* -t: recipients stand there */
	bool keep_dots; /* -i: a line of just "." ends nothing */
	char **recipients;
	int n_recipients;
};

/* Reads argv, whose words it reorders. */
struct options options_read(int argc, char **argv);

#endif
