#include "core/oauth.h"

#include <curl/curl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FORM_MAX = 4 * OAUTH_TOKEN_MAX,
	ANSWER_MAX = 4 * OAUTH_TOKEN_MAX,
	TIMEOUT_MS = 30 * 1000,
	DEFAULT_EXPIRES_S = 3600,
	DEFAULT_INTERVAL_S = 5, /* RFC 8628 3.2 */
};

/* Where native programs without a web server have the code shown. */
#define REDIRECT "http://127.0.0.1/"

void
oauth_tokens_init(struct oauth_tokens *tokens)
{
	*tokens = (struct oauth_tokens){ .access = BUF_INIT(OAUTH_TOKEN_MAX),
		.refresh = BUF_INIT(OAUTH_TOKEN_MAX) };
	/* At once: what a growing buffer leaves behind is not wiped. */
	(void)buf_reserve(&tokens->access, OAUTH_TOKEN_MAX);
	(void)buf_reserve(&tokens->refresh, OAUTH_TOKEN_MAX);
}

static void
wipe(struct buf *buf)
{
	sodium_memzero(buf->p, OAUTH_TOKEN_MAX);
	buf_free(buf);
}

void
oauth_tokens_wipe(struct oauth_tokens *tokens)
{
	wipe(&tokens->access);
	wipe(&tokens->refresh);
}

/* --- one question ----------------------------------------------------- */

struct question {
	CURL *curl;
	struct buf form, answer;
	long status;
};

static void
add_field(struct question *q, const char *name, struct slice value)
{
	char *escaped = curl_easy_escape(q->curl, value.p, (int)value.n);

	if (escaped == NULL)
		abort();
	(void)buf_addf(&q->form, "%s%s=%s", q->form.n > 0 ? "&" : "", name,
	    value.n > 0 ? escaped : "");
	sodium_memzero(escaped, strlen(escaped));
	curl_free(escaped);
}

static void
question_start(struct question *q, const struct oauth_client *client)
{
	*q = (struct question){ .curl = curl_easy_init(),
		.form = BUF_INIT(FORM_MAX),
		.answer = BUF_INIT(ANSWER_MAX) };
	if (q->curl == NULL)
		abort();
	(void)buf_reserve(&q->form, FORM_MAX);
	(void)buf_reserve(&q->answer, ANSWER_MAX);
	add_field(q, "client_id", slice_of(client->id));
	if (client->secret[0] != '\0')
		add_field(q, "client_secret", slice_of(client->secret));
}

static void
question_end(struct question *q)
{
	sodium_memzero(q->form.p, FORM_MAX);
	sodium_memzero(q->answer.p, ANSWER_MAX);
	buf_free(&q->form);
	buf_free(&q->answer);
	curl_easy_cleanup(q->curl);
}

static size_t
on_octets(char *octets, size_t size, size_t n, void *arg)
{
	struct question *q = arg;

	(void)size; /* always 1 */
	return buf_add(&q->answer, octets, n) == 0 ? n : 0;
}

static void
set_options(struct question *q, const char *url)
{
	CURL *curl = q->curl;

	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->form.p);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)q->form.n);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_octets);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, q);
}

static void
say(struct why *why, const char *what, const char *more)
{
	(void)why_say(why, 451, "4.7.0", "no token");
	why_detail(why, "%s: %s", what, more);
}

static const char *
text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL ? text : "";
}

/* RFC 6749 5.2, RFC 8628 3.5: what stands under "error". */
static enum oauth_result
read_error(const json_t *json, struct why *why)
{
	static const struct {
		const char *error;
		enum oauth_result result;
	} known[] = {
		{ "authorization_pending", OAUTH_PENDING },
		{ "slow_down", OAUTH_SLOWER },
		{ "temporarily_unavailable", OAUTH_DOWN },
		{ "server_error", OAUTH_DOWN },
	};
	const char *error = text_of(json, "error");

	say(why, error, text_of(json, "error_description"));
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(error, known[i].error) == 0)
			return known[i].result;
	}
	return OAUTH_REFUSED;
}

/* OAUTH_OK and *json_out, for json_decref(). */
static enum oauth_result
ask(struct question *q, const char *url, json_t **json_out, struct why *why)
{
	enum oauth_result result = OAUTH_OK;
	CURLcode code;
	json_t *json;

	set_options(q, url);
	code = curl_easy_perform(q->curl);
	if (code != CURLE_OK) {
		say(why, url, curl_easy_strerror(code));
		return OAUTH_DOWN;
	}
	(void)curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &q->status);
	json = json_loadb(q->answer.p, q->answer.n, 0, NULL);
	if (q->status >= 500 || !json_is_object(json)) {
		char status[32];

		(void)snprintf(status, sizeof status, "HTTP %ld", q->status);
		say(why, url, status);
		result = OAUTH_DOWN;
	} else if (json_object_get(json, "error") != NULL) {
		result = read_error(json, why);
	}
	if (result == OAUTH_OK)
		*json_out = json;
	else
		json_decref(json);
	return result;
}

static long
number_of(const json_t *json, const char *key, long fallback)
{
	const json_t *value = json_object_get(json, key);

	/* Some write it as a string. */
	if (json_is_string(value))
		return strtol(json_string_value(value), NULL, 10);
	return json_is_integer(value) ? (long)json_integer_value(value)
				      : fallback;
}

static enum oauth_result
ask_tokens(struct question *q, const struct oauth_client *client,
    struct oauth_tokens *tokens, struct why *why)
{
	json_t *json;
	enum oauth_result result = ask(q, client->token_url, &json, why);

	if (result != OAUTH_OK)
		return result;
	buf_reset(&tokens->access);
	buf_reset(&tokens->refresh);
	(void)buf_add_text(&tokens->access, text_of(json, "access_token"));
	(void)buf_add_text(&tokens->refresh, text_of(json, "refresh_token"));
	tokens->expires_s = number_of(json, "expires_in", DEFAULT_EXPIRES_S);
	json_decref(json);
	if (tokens->access.n > 0 && !buf_failed(&tokens->refresh))
		return OAUTH_OK;
	say(why, client->token_url, "no access token in the answer");
	return OAUTH_DOWN;
}

/* --- grants ----------------------------------------------------------- */

enum oauth_result
oauth_refresh(const struct oauth_client *client, struct slice refresh_token,
    struct oauth_tokens *tokens, struct why *why)
{
	enum oauth_result result;
	struct question q;

	question_start(&q, client);
	add_field(&q, "grant_type", SLICE("refresh_token"));
	add_field(&q, "refresh_token", refresh_token);
	if (client->scope[0] != '\0')
		add_field(&q, "scope", slice_of(client->scope));
	result = ask_tokens(&q, client, tokens, why);
	question_end(&q);
	return result;
}

static void
read_device(const json_t *json, struct oauth_device *device)
{
	const char *url = text_of(json, "verification_uri");

	if (url[0] == '\0') /* as Google has it */
		url = text_of(json, "verification_url");
	(void)snprintf(device->url, sizeof device->url, "%s", url);
	(void)snprintf(device->user_code, sizeof device->user_code, "%s",
	    text_of(json, "user_code"));
	(void)buf_add_text(&device->device_code, text_of(json, "device_code"));
	device->interval_s = number_of(json, "interval", DEFAULT_INTERVAL_S);
	device->expires_s = number_of(json, "expires_in", 900);
}

enum oauth_result
oauth_device_start(const struct oauth_client *client,
    struct oauth_device *device, struct why *why)
{
	enum oauth_result result;
	struct question q;
	json_t *json;

	*device =
	    (struct oauth_device){ .device_code = BUF_INIT(OAUTH_TOKEN_MAX) };
	question_start(&q, client);
	add_field(&q, "scope", slice_of(client->scope));
	result = ask(&q, client->device_url, &json, why);
	if (result == OAUTH_OK) {
		read_device(json, device);
		json_decref(json);
	}
	question_end(&q);
	return result;
}

enum oauth_result
oauth_device_ask(const struct oauth_client *client,
    const struct oauth_device *device, struct oauth_tokens *tokens,
    struct why *why)
{
	enum oauth_result result;
	struct question q;

	question_start(&q, client);
	add_field(&q, "grant_type",
	    SLICE("urn:ietf:params:oauth:grant-type:device_code"));
	add_field(&q, "device_code", buf_slice(&device->device_code));
	result = ask_tokens(&q, client, tokens, why);
	question_end(&q);
	return result;
}

/* RFC 7636 4: 32 random octets, and their SHA-256 in the URL. */
static void
make_verifier(char verifier[OAUTH_VERIFIER + 1], char *challenge)
{
	unsigned char octets[32], hash[crypto_hash_sha256_BYTES];

	randombytes_buf(octets, sizeof octets);
	(void)sodium_bin2base64(verifier, OAUTH_VERIFIER + 1, octets,
	    sizeof octets, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)crypto_hash_sha256(
	    hash, (const unsigned char *)verifier, OAUTH_VERIFIER);
	(void)sodium_bin2base64(challenge, OAUTH_VERIFIER + 1, hash,
	    sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void
oauth_authorize_url(const struct oauth_client *client, struct slice login,
    char verifier[OAUTH_VERIFIER + 1], struct buf *url)
{
	const struct oauth_client without_secret = { .id = client->id,
		.secret = "" };
	char challenge[OAUTH_VERIFIER + 1];
	struct question q;

	make_verifier(verifier, challenge);
	question_start(&q, &without_secret);
	add_field(&q, "response_type", SLICE("code"));
	add_field(&q, "redirect_uri", SLICE(REDIRECT));
	add_field(&q, "scope", slice_of(client->scope));
	add_field(&q, "login_hint", login);
	add_field(&q, "code_challenge_method", SLICE("S256"));
	add_field(&q, "code_challenge", slice_of(challenge));
	/* Google gives a refresh token only to who asks so; others ignore it.
	 */
	add_field(&q, "access_type", SLICE("offline"));
	add_field(&q, "prompt", SLICE("consent"));
	(void)buf_addf(url, "%s?%s", client->authorize_url, buf_text(&q.form));
	question_end(&q);
}

enum oauth_result
oauth_redeem(const struct oauth_client *client, struct slice code,
    const char *verifier, struct oauth_tokens *tokens, struct why *why)
{
	enum oauth_result result;
	struct question q;

	question_start(&q, client);
	add_field(&q, "grant_type", SLICE("authorization_code"));
	add_field(&q, "code", code);
	add_field(&q, "redirect_uri", SLICE(REDIRECT));
	add_field(&q, "code_verifier", slice_of(verifier));
	result = ask_tokens(&q, client, tokens, why);
	question_end(&q);
	return result;
}
