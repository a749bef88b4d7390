#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/endpoint.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"
#include "core/scope.h"
#include "lmtpd/storer/sandbox.h"
#include "lmtpd/storer/server.h"

#define ROLE "hauspost_storer"

/* Each mailbox is asked for once: a few connections are plenty. */
enum { DB_CONNECTIONS = 4 };

static const struct config_key keys[] = {
	CONFIG_TEXT(struct storer_config, listen, listen,
	    "unix:/run/hauspost/storer.sock", "where hauspost-lmtpd asks us"),
	CONFIG_TEXT(struct storer_config, socket_group, socket_group,
	    "hauspost", "group that may open the socket"),
	CONFIG_TEXT(struct storer_config, client_user, client_user, "hauspost",
	    "user that may ask, beside root"),
	CONFIG_TEXT(struct storer_config, mail_root, mail_root, "/srv/mail",
	    "folder below which homes are made"),
	CONFIG_COUNT(struct storer_config, connections_max, connections_max,
	    "512", 1, 10000, "connections at a time, a thread each"),
	CONFIG_COUNT(struct storer_config, users_max, users_max, "50000", 1,
	    10000000, "mailboxes whose user is remembered"),
	CONFIG_END,
};

static const struct program program = {
	.name = "hauspost-storer",
	.section = "storer",
	.purpose = "puts messages into mailboxes, as their users",
	.keys = keys,
};

static int
find_client(struct storer *storer, struct why *why)
{
	const char *name = storer->config->client_user;
	const struct passwd *client;

	errno = 0;
	client = getpwnam(name);
	if (client == NULL)
		return why_fail(why, errno != 0 ? errno : ENOENT,
		    "look up client_user %s", name);
	storer->client_uid = client->pw_uid;
	return 0;
}

/* What is left: three capabilities, no group but our own, no way to more. */
static int
give_up_rights(const struct storer_config *config, struct why *why)
{
	const cap_value_t keep[] = { CAP_SETUID, CAP_SETGID, CAP_CHOWN };
	int r = privs_drop(
	    config->common.user, keep, sizeof keep / sizeof *keep, why);

	if (r < 0)
		return r;
	if (geteuid() == 0)
		return why_fail(why, EPERM, "serve as root: set user");
	/* As a mailbox' user we would still be in our own groups. */
	if (setgroups(0, NULL) < 0)
		return why_fail(why, errno, "leave all groups");
	r = privs_forbid_new(why);
	return r < 0 ? r : sandbox_enter(why);
}

static int
follow_directory(struct storer *storer, struct why *why)
{
	const struct config_common *common = &storer->config->common;

	return users_follow(storer->users, common->database, ROLE,
	    common->database_timeout_ms, why);
}

static int
serve(struct storer *storer, int listen_fd, struct why *why)
{
	const struct config_common *common = &storer->config->common;
	AUTO_CLOSE int stop_fd = program_stop_fd();
	struct db_pool *pool;
	int r;

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "make a signalfd");
	pool = db_pool_new(common->database, ROLE, DB_CONNECTIONS,
	    common->database_timeout_ms);
	storer->users = users_new(pool, (size_t)storer->config->users_max);
	r = follow_directory(storer, why);
	if (r == 0) {
		program_ready();
		r = server_run(storer, listen_fd, stop_fd, why);
		users_unfollow(storer->users);
	}
	users_free(storer->users);
	db_pool_free(pool);
	return r;
}

int
main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct storer_config config;
	struct why why = { 0 };
	AUTO_CLOSE int listen_fd = -1;
	int r = program_start(&program, argc, argv, &config.common, &arena);

	if (r != PROGRAM_RUNS)
		return r;
	struct storer storer = { .config = &config,
		.homes = HOMES_INIT(config.mail_root) };
	(void)umask(0); /* every mode here is meant as it stands */
	(void)signal(
	    SIGXFSZ, SIG_IGN); /* a file limit is an error like others */
	if (find_client(&storer, &why) < 0)
		return log_fatal(EX_CONFIG, &why);
	listen_fd =
	    endpoint_listen_packets(config.listen, config.socket_group, &why);
	if (listen_fd < 0)
		return log_fatal(EX_OSERR, &why);
	if (give_up_rights(&config, &why) < 0)
		return log_fatal(EX_NOPERM, &why);
	if (serve(&storer, listen_fd, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	arena_done(&arena);
	return EX_OK;
}
