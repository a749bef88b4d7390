#include "milter/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/scope.h"

enum { ANSWER_MAX = 1024 }; /* one struct inet_diag_msg, some attributes */

static struct slice
without_prefix(struct slice addr)
{
	static const struct slice prefix = { "IPv6:", 5 };

	return slice_starts_nocase(addr, prefix) ? slice_tail(addr, prefix.n)
						 : addr;
}

/* ::ffff:127.0.0.1 is the same connection as 127.0.0.1. */
static void
unmap(struct sockdiag_end *end)
{
	if (end->family != AF_INET6 || end->addr[0] != 0 || end->addr[1] != 0 ||
	    end->addr[2] != htonl(0xffff))
		return;
	end->family = AF_INET;
	end->addr[0] = end->addr[3];
}

bool
sockdiag_end(struct slice addr, struct slice port, struct sockdiag_end *end_out)
{
	struct sockdiag_end end = { .family = AF_UNSPEC };
	char text[INET6_ADDRSTRLEN];
	unsigned long long number;

	addr = without_prefix(addr);
	if (addr.n >= sizeof text || !slice_number(port, UINT16_MAX, &number))
		return false;
	(void)snprintf(text, sizeof text, "%.*s", SLICE_FMT(addr));
	if (inet_pton(AF_INET, text, end.addr) == 1)
		end.family = AF_INET;
	else if (inet_pton(AF_INET6, text, end.addr) == 1)
		end.family = AF_INET6;
	else
		return false;
	end.port = (uint16_t)number;
	unmap(&end);
	*end_out = end;
	return true;
}

bool
sockdiag_is_loopback(const struct sockdiag_end *end)
{
	static const uint32_t none[3];

	if (end->family == AF_INET)
		return ntohl(end->addr[0]) >> 24 == 127;
	return end->family == AF_INET6 &&
	       memcmp(end->addr, none, sizeof none) == 0 &&
	       end->addr[3] == htonl(1);
}

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 diag;
};

static struct request
make_request(
    const struct sockdiag_end *client, const struct sockdiag_end *server)
{
	struct request request = {
		.head = { .nlmsg_len = sizeof request,
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.diag = { .sdiag_family = (uint8_t)client->family,
		    .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = 1U << TCP_ESTABLISHED },
	};
	struct inet_diag_sockid *id = &request.diag.id;

	id->idiag_sport = htons(client->port);
	id->idiag_dport = htons(server->port);
	(void)memcpy(id->idiag_src, client->addr, sizeof client->addr);
	(void)memcpy(id->idiag_dst, server->addr, sizeof server->addr);
	id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return request;
}

/*
 * Where no connection matches, the kernel offers a listening socket, and a
 * closing one belongs to nobody (uid 0): only an established one counts.
 */
static int
read_answer(const char *octets, size_t n, uid_t *uid_out)
{
	const struct nlmsghdr *head = (const void *)octets;
	const struct inet_diag_msg *diag;
	const struct nlmsgerr *error;

	if (!NLMSG_OK(head, n))
		return -EPROTO;
	if (head->nlmsg_type == NLMSG_ERROR) {
		error = NLMSG_DATA(head);
		return error->error == -ENOENT ? 0 : error->error;
	}
	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof *diag))
		return -EPROTO;
	diag = NLMSG_DATA(head);
	if (diag->idiag_state != TCP_ESTABLISHED)
		return 0;
	*uid_out = diag->idiag_uid;
	return 1;
}

static int
ask_kernel(const struct request *request, uid_t *uid_out)
{
	AUTO_CLOSE int fd =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	union {
		struct nlmsghdr aligned;
		char octets[ANSWER_MAX];
	} answer;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (send(fd, request, sizeof *request, 0) < 0)
		return -errno;
	do
		n = recv(fd, &answer, sizeof answer, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return read_answer(answer.octets, (size_t)n, uid_out);
}

int
sockdiag_uid(const struct sockdiag_end *client,
    const struct sockdiag_end *server, uid_t *uid_out, struct why *why)
{
	struct request request = make_request(client, server);
	int r;

	if (client->family != server->family)
		return 0;
	r = ask_kernel(&request, uid_out);
	if (r < 0)
		return why_fail(why, -r, "ask the kernel for a socket's owner");
	return r;
}
