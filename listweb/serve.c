#include "listweb/serve.h"

#include <unistd.h>

#include "core/cgi.h"
#include "core/fastcgi.h"
#include "core/privs.h"
#include "core/processes.h"
#include "core/program.h"
#include "listweb/reader.h"
#include "listweb/respond.h"

static void
open_pool(struct service *service, long connections)
{
	const struct config_common *common = &service->config->common;

	service->db = db_pool_new(common->database, LISTWEB_ROLE,
	    (int)connections, common->database_timeout_ms);
}

/* --- the processes ---------------------------------------------------- */

static int
run_answerer(void *arg, struct why *why)
{
	struct service *service = arg;
	struct fastcgi fastcgi = { service->listen_fd, service->config->threads,
		respond, service };

	open_pool(service, service->config->threads);
	return fastcgi_run(&fastcgi, why);
}

static int
run_reader(void *arg, struct why *why)
{
	struct service *service = arg;
	int r;

	(void)close(service->listen_fd);
	open_pool(service, 1);
	r = reader_run(service, why);
	db_pool_free(service->db);
	return r;
}

/* The numbers of all processes, from one that does nothing else. */
static int
run_metrics(void *arg, struct why *why)
{
	struct service *service = arg;
	struct metrics *metrics;
	int r;

	(void)close(service->listen_fd);
	r = metrics_start(service->config->common.metrics,
	    counts_list(service->counts), &metrics, why);
	if (r == 0) {
		r = processes_wait_stop(why);
		metrics_stop(metrics);
	}
	return r;
}

/* --- the parent ------------------------------------------------------- */

static int
start_all(struct service *service, struct processes *processes, struct why *why)
{
	const struct listweb_config *config = service->config;
	int r = processes_add(processes, run_reader, service, why);

	for (long i = 0; i < config->processes && r == 0; i++)
		r = processes_add(processes, run_answerer, service, why);
	if (r == 0 && config->common.metrics[0] != '\0')
		r = processes_add(processes, run_metrics, service, why);
	return r;
}

int
serve_fastcgi(struct service *service, struct why *why)
{
	struct processes *processes = processes_new();
	int r = privs_drop(service->config->common.user, NULL, 0, why);

	if (r == 0)
		r = privs_forbid_new(why);
	if (r == 0)
		r = start_all(service, processes, why);
	if (r == 0) {
		program_ready();
		r = processes_watch(processes, why);
	}
	processes_stop(processes);
	processes_free(processes);
	return r;
}

void
serve_cgi(struct service *service)
{
	open_pool(service, 1);
	cgi_serve(respond, service);
	db_pool_free(service->db);
}
