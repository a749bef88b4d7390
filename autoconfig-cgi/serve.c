#include "autoconfig-cgi/serve.h"

#include <unistd.h>

#include "autoconfig-cgi/exchange.h"
#include "autoconfig-cgi/notary.h"
#include "core/cgi.h"
#include "core/fastcgi.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/processes.h"
#include "core/program.h"

/* --- the processes ---------------------------------------------------- */

static void
on_listening(void *arg, const struct why *lost)
{
	(void)arg;
	if (lost == NULL)
		log_event(LOG_NOTICE, NULL, "directory-heard",
		    LOG_TEXT("detail", "answers are remembered"));
	else
		log_event(LOG_WARNING, NULL, "directory-lost", LOG_WHY(lost));
}

/* Each has its own memory of the directory. */
static int
run_answerer(void *arg, struct why *why)
{
	static const struct directory_hooks hooks = { NULL, on_listening,
		NULL };
	struct service *service = arg;
	const struct autoconfig_config *config = service->config;
	struct fastcgi fastcgi = { service->listen_fd, config->threads,
		exchange_run, service };
	int r;

	service->directory = directory_new(
	    &config->directory, &config->common, AUTOCONFIG_ROLE, &hooks);
	r = directory_start(service->directory, why);
	return r == 0 ? fastcgi_run(&fastcgi, why) : r;
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

static int
run_notary(void *arg, struct why *why)
{
	struct service *service = arg;

	(void)close(service->listen_fd);
	return notary_run(service->notary, service->config, why);
}

/* --- the parent ------------------------------------------------------- */

static int
start_answering(
    struct service *service, struct processes *processes, struct why *why)
{
	const struct autoconfig_config *config = service->config;
	int r = 0;

	for (long i = 0; i < config->processes && r == 0; i++)
		r = processes_add(processes, run_answerer, service, why);
	if (r == 0 && config->common.metrics[0] != '\0')
		r = processes_add(processes, run_metrics, service, why);
	return r;
}

static int
run_parent(
    struct service *service, struct processes *processes, struct why *why)
{
	int r = privs_drop(service->config->common.user, NULL, 0, why);

	if (r == 0)
		r = start_answering(service, processes, why);
	if (r == 0) {
		program_ready();
		r = processes_watch(processes, why);
	}
	return r;
}

/* The notary, which comes first, may still have to read its key as root. */
static int
start_notary(
    struct service *service, struct processes *processes, struct why *why)
{
	int r = notary_open(service->notary, why);

	return r == 0 ? processes_add(processes, run_notary, service, why) : r;
}

int
serve_fastcgi(struct service *service, struct why *why)
{
	struct processes *processes = processes_new();
	struct notary notary;
	int r = 0;

	if (service->config->profile_key[0] != '\0') {
		service->notary = &notary;
		r = start_notary(service, processes, why);
	}
	if (r == 0)
		r = run_parent(service, processes, why);
	if (service->notary != NULL) /* it ends when nobody can ask any more */
		notary_close(&notary);
	processes_stop(processes);
	processes_free(processes);
	return r;
}

/* The directory is not started: it asks, and has nothing to remember for. */
void
serve_cgi(struct service *service)
{
	const struct autoconfig_config *config = service->config;

	service->directory = directory_new(
	    &config->directory, &config->common, AUTOCONFIG_ROLE, NULL);
	service->signer = notary_key(config);
	cgi_serve(exchange_run, service);
	signer_free(service->signer);
	directory_free(service->directory);
}
