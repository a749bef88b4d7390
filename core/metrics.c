#include "core/metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/endpoint.h"

enum { METRICS_TEXT_MAX = 256 * 1024, METRICS_CLIENTS_MAX = 8 };

struct metrics {
	struct MHD_Daemon *daemon;
	struct metric *const *list;
};

static void
add_family(struct buf *to, const struct metric *metric)
{
	(void)buf_addf(to, "# TYPE %s %s\n# HELP %s %s\n", metric->family,
	    metric->type == METRIC_TYPE_COUNTER ? "counter" : "gauge",
	    metric->family, metric->help);
}

static void
add_metric(struct buf *to, struct metric *metric)
{
	const char *suffix =
	    metric->type == METRIC_TYPE_COUNTER ? "_total" : "";

	(void)buf_addf(to, "%s%s", metric->family, suffix);
	if (metric->labels[0] != '\0')
		(void)buf_addf(to, "{%s}", metric->labels);
	(void)buf_addf(to, " %lld\n",
	    atomic_load_explicit(&metric->value, memory_order_relaxed));
}

static void
add_all(struct buf *to, struct metric *const *list)
{
	const char *family = "";

	for (; *list != NULL; list++) {
		if (strcmp(family, (*list)->family) != 0)
			add_family(to, *list);
		family = (*list)->family;
		add_metric(to, *list);
	}
	(void)buf_add_text(to, "# EOF\n");
}

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, struct slice text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    text.n, (void *)text.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result r;

	(void)MHD_add_response_header(response, "Content-Type",
	    "application/openmetrics-text; version=1.0.0; charset=utf-8");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	const struct metrics *metrics = arg;
	AUTO_BUF struct buf text = BUF_INIT(METRICS_TEXT_MAX);

	(void)version, (void)upload, (void)state;
	*upload_size = 0;
	if (strcmp(method, "GET") != 0 || strcmp(url, "/metrics") != 0)
		return answer(
		    connection, MHD_HTTP_NOT_FOUND, SLICE("see /metrics\n"));
	add_all(&text, metrics->list);
	return answer(connection, MHD_HTTP_OK, buf_slice(&text));
}

int
metrics_start(const char *endpoint, struct metric *const *list,
    struct metrics **metrics_out, struct why *why)
{
	struct metrics *metrics;
	int fd;

	*metrics_out = NULL;
	if (endpoint[0] == '\0')
		return 0;
	fd = endpoint_listen(endpoint, "", why);
	if (fd < 0)
		return fd;
	metrics = calloc(1, sizeof *metrics);
	if (metrics == NULL)
		abort();
	metrics->list = list;
	metrics->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0,
	    NULL, NULL, on_request, metrics, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, METRICS_CLIENTS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_END);
	if (metrics->daemon == NULL) {
		free(metrics);
		return why_fail(why, EIO, "serve %s", endpoint);
	}
	*metrics_out = metrics;
	return 0;
}

void
metrics_stop(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	MHD_stop_daemon(metrics->daemon);
	free(metrics);
}
