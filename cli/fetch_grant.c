#include "cli/fetch.h"

#include <curl/curl.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "cli/password.h"
#include "core/oauth.h"

static const struct db_stmt provider_of = { "fetch_provider",
	"SELECT coalesce(p.token_url, ''), coalesce(p.device_url, ''),"
	" coalesce(p.authorize_url, ''), coalesce(p.client_id, ''),"
	" coalesce(p.client_secret, ''), coalesce(p.scope, ''), a.login,"
	" coalesce(p.name, a.host)"
	" FROM hauspost.fetch_account AS a"
	" LEFT JOIN hauspost.fetch_provider AS p ON p.name = a.provider"
	" WHERE a.id::text = $1",
	1 };

enum { SLOWER_S = 5 }; /* RFC 8628 3.5 */

struct grant {
	struct cli *cli;
	struct oauth_client client;
	struct slice login;
	const char *provider;
	struct oauth_tokens tokens;
};

static int
read_provider(struct grant *g, const struct db_result *rows)
{
	const char **fields[] = { &g->client.token_url, &g->client.device_url,
		&g->client.authorize_url, &g->client.id, &g->client.secret,
		&g->client.scope };
	struct arena *arena = &g->cli->arena;

	for (int i = 0; i < 6; i++)
		*fields[i] = arena_slice(arena, db_text(rows, 0, i)).p;
	g->login = arena_slice(arena, db_text(rows, 0, 6));
	g->provider = arena_slice(arena, db_text(rows, 0, 7)).p;
	if (g->client.token_url[0] == '\0' || g->client.id[0] == '\0')
		return say_failure(EX_CONFIG,
		    "%s: register a client there, and write its client_id "
		    "into hauspost.fetch_provider",
		    g->provider);
	return EX_OK;
}

static int
say_result(enum oauth_result result, const struct why *why)
{
	if (result == OAUTH_OK)
		return EX_OK;
	return say_failure(result == OAUTH_DOWN ? EX_UNAVAILABLE : EX_NOPERM,
	    "%s", why->detail);
}

/* --- with a code that is entered there -------------------------------- */

static void
sleep_s(long seconds)
{
	struct timespec pause = { seconds, 0 };

	(void)nanosleep(&pause, NULL);
}

static enum oauth_result
wait_for_user(struct grant *g, struct oauth_device *device, struct why *why)
{
	enum oauth_result result = OAUTH_PENDING;
	long waited_s = 0;

	while (waited_s < device->expires_s) {
		sleep_s(device->interval_s);
		waited_s += device->interval_s;
		result = oauth_device_ask(&g->client, device, &g->tokens, why);
		if (result == OAUTH_SLOWER)
			device->interval_s += SLOWER_S;
		else if (result != OAUTH_PENDING)
			return result;
	}
	return result;
}

static int
by_device(struct grant *g)
{
	struct oauth_device device;
	struct why why = { 0 };
	enum oauth_result result =
	    oauth_device_start(&g->client, &device, &why);

	if (result == OAUTH_OK) {
		(void)printf("Open this page, log in as %s, and enter the "
			     "code:\n\n  %s\n  %s\n\n",
		    g->login.p, device.url, device.user_code);
		(void)fflush(stdout);
		result = wait_for_user(g, &device, &why);
	}
	buf_free(&device.device_code);
	return say_result(result, &why);
}

/* --- with one that is pasted here ------------------------------------- */

/* The code alone, or the whole address with "code=…" in it. */
static struct slice
code_in(struct arena *arena, const char *text)
{
	const char *at = strstr(text, "code=");
	char *code, *plain;
	int n;

	if (at == NULL)
		return slice_of(text);
	at += strlen("code=");
	code = arena_strndup(arena, at, strcspn(at, "& "));
	plain = curl_easy_unescape(NULL, code, 0, &n);
	if (plain == NULL)
		return slice_of(code);
	code = arena_strndup(arena, plain, (size_t)n);
	curl_free(plain);
	return slice_of(code);
}

static int
by_code(struct grant *g)
{
	AUTO_BUF struct buf url = BUF_INIT(4096);
	char verifier[OAUTH_VERIFIER + 1], text[PASSWORD_MAX];
	struct why why = { 0 };
	int code;

	oauth_authorize_url(&g->client, g->login, verifier, &url);
	(void)printf("Open this page and agree. The browser then shows an "
		     "address that begins with\nhttp://127.0.0.1/ and can "
		     "not be opened; paste it here.\n\n  %s\n\n",
	    buf_text(&url));
	(void)fflush(stdout);
	code = password_read_once("Address", text);
	if (code == EX_OK)
		code = say_result(
		    oauth_redeem(&g->client, code_in(&g->cli->arena, text),
			verifier, &g->tokens, &why),
		    &why);
	explicit_bzero(text, sizeof text);
	return code;
}

/* --- the command ------------------------------------------------------ */

static int
get_grant(struct grant *g)
{
	int code;

	if (g->client.device_url[0] != '\0')
		code = by_device(g);
	else
		code = by_code(g);
	if (code == EX_OK && g->tokens.refresh.n == 0)
		code = say_failure(EX_PROTOCOL,
		    "%s gave no refresh token: look at the scope", g->provider);
	return code;
}

static int
grant(struct cli *cli, struct db *db, struct slice id)
{
	struct grant g = { .cli = cli };
	struct db_result *rows;
	int code = fetch_ask(cli, db, &provider_of, &id, &rows);

	if (code != EX_OK)
		return code;
	code =
	    db_rows(rows) > 0 ? read_provider(&g, rows) : fetch_no_such(id.p);
	db_done(rows);
	if (code != EX_OK)
		return code;
	oauth_tokens_init(&g.tokens);
	code = get_grant(&g);
	if (code == EX_OK)
		code =
		    fetch_put_secret(cli, db, id, buf_text(&g.tokens.refresh));
	oauth_tokens_wipe(&g.tokens);
	if (code == EX_OK && !cli->json)
		(void)printf("account %s has its grant\n", id.p);
	return code;
}

int
fetch_grant_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || sodium_init() < 0)
		code = say_failure(EX_SOFTWARE, "libraries");
	else
		code = grant(cli, db, slice_of(args->operands[0]));
	db_close(db);
	return code;
}
