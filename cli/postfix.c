#include "cli/postfix.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "core/buf.h"
#include "core/scope.h"

enum {
	QUEUE_OCTETS_MAX = 256 << 20, /* some 200,000 messages */
	READ_STEP = 65536,
};

extern char **environ;

/* --- running ---------------------------------------------------------- */

static int
start(const char *const argv[], int out_fd, pid_t *pid_out)
{
	posix_spawn_file_actions_t actions;
	int error;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	error = posix_spawn(pid_out, argv[0], &actions, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static int
read_output(int fd, struct buf *text)
{
	ssize_t n = 0;

	do {
		int r = buf_reserve(text, READ_STEP);

		if (r < 0)
			return r;
		n = read(fd, text->p + text->n, READ_STEP);
		if (n > 0)
			buf_grown(text, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int
wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

/* EX_OK and what it wrote; what it complains of goes to our stderr. */
static int
run(const char *const argv[], struct buf *text)
{
	AUTO_CLOSE int in = -1, out = -1;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return say_failure(EX_OSERR, "pipe: %s", strerror(errno));
	in = fds[0];
	out = fds[1];
	r = start(argv, out, &pid);
	if (r < 0)
		return say_failure(EX_OSFILE, "%s: %s", argv[0], strerror(-r));
	(void)close_fd(&out);
	r = read_output(in, text);
	if (wait_for(pid) != 0 || r < 0)
		return say_failure(EX_UNAVAILABLE, "%s failed", argv[0]);
	return EX_OK;
}

/* --- the queues ------------------------------------------------------- */

static bool
is_held(const json_t *message)
{
	const char *queue =
	    json_string_value(json_object_get(message, "queue_name"));

	return queue != NULL && strcmp(queue, "hold") == 0;
}

static int
add_line(json_t *queue, const char *instance, struct slice line)
{
	json_t *message = json_loadb(line.p, line.n, 0, NULL);

	if (message == NULL)
		return say_failure(EX_PROTOCOL, "postqueue: not as expected");
	if (is_held(message))
		(void)json_array_append_new(
		    queue, json_pack("{s:s, s:O}", "instance", instance,
			       "message", message));
	json_decref(message);
	return EX_OK;
}

/* Each line of text is a message as JSON. */
static int
add_lines(json_t *queue, const char *instance, struct slice text)
{
	struct slice line;
	int code = EX_OK;

	while (code == EX_OK && slice_cut(&text, '\n', &line)) {
		if (line.n > 0)
			code = add_line(queue, instance, line);
	}
	return code;
}

/* An instance that is not set up has nothing. */
static int
add_instance(json_t *queue, const char *instance)
{
	AUTO_BUF struct buf text = BUF_INIT(QUEUE_OCTETS_MAX);
	const char *const argv[] = { "/usr/sbin/postqueue", "-c", instance,
		"-j", NULL };
	int code;

	if (instance[0] == '\0' || access(instance, F_OK) < 0)
		return EX_OK;
	code = run(argv, &text);
	return code == EX_OK ? add_lines(queue, instance, buf_slice(&text))
			     : code;
}

int
postfix_list_held(struct cli *cli, json_t **queue_out,
    struct postfix_held **held_out, size_t *n_out)
{
	json_t *queue = json_array(), *one;
	struct postfix_held *held;
	size_t i;
	int code = add_instance(queue, cli->config.postfix);

	if (code == EX_OK)
		code = add_instance(queue, cli->config.postfix_bulk);
	if (code != EX_OK) {
		json_decref(queue);
		return code;
	}
	held =
	    arena_calloc(&cli->arena, json_array_size(queue) + 1, sizeof *held);
	json_array_foreach(queue, i, one) held[i] = (struct postfix_held){
		json_string_value(json_object_get(one, "instance")),
		json_object_get(one, "message")
	};
	*queue_out = queue;
	*held_out = held;
	*n_out = json_array_size(queue);
	return EX_OK;
}

static int
change(const char *const argv[])
{
	AUTO_BUF struct buf text = BUF_INIT(READ_STEP * 2);

	return run(argv, &text);
}

/* What is released waits for its turn, which comes at once if asked for. */
int
postfix_release(const char *instance, const char *queue_id)
{
	const char *const release[] = { "/usr/sbin/postsuper", "-c", instance,
		"-H", queue_id, NULL };
	const char *const try[] = { "/usr/sbin/postqueue", "-c", instance, "-i",
		queue_id, NULL };
	int code = change(release);

	return code == EX_OK ? change(try) : code;
}

int
postfix_delete(const char *instance, const char *queue_id)
{
	const char *const argv[] = { "/usr/sbin/postsuper", "-c", instance,
		"-d", queue_id, NULL };

	return change(argv);
}
