#include "core/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int
find_user(const char *user, struct passwd *found, char *space, size_t size,
    struct why *why)
{
	struct passwd *entry = NULL;
	int r = getpwnam_r(user, found, space, size, &entry);

	if (entry == NULL)
		return why_fail(
		    why, r != 0 ? r : ENOENT, "look up user %s", user);
	return 0;
}

static int
change_identity(const struct passwd *to, struct why *why)
{
	uid_t real, effective, saved;

	if (initgroups(to->pw_name, to->pw_gid) < 0)
		return why_fail(
		    why, errno, "set the groups of %s", to->pw_name);
	if (setresgid(to->pw_gid, to->pw_gid, to->pw_gid) < 0)
		return why_fail(why, errno, "become group of %s", to->pw_name);
	if (setresuid(to->pw_uid, to->pw_uid, to->pw_uid) < 0)
		return why_fail(why, errno, "become %s", to->pw_name);
	if (getresuid(&real, &effective, &saved) < 0 || real != to->pw_uid ||
	    effective != to->pw_uid || saved != to->pw_uid)
		return why_fail(why, EPERM, "verify being %s", to->pw_name);
	return 0;
}

static int
keep_only(const cap_value_t *keep, size_t n, struct why *why)
{
	cap_t caps = cap_init();
	int r = 0;

	if (caps == NULL)
		return why_fail(why, errno, "prepare capabilities");
	if (n > 0 &&
	    (cap_set_flag(caps, CAP_PERMITTED, (int)n, keep, CAP_SET) < 0 ||
		cap_set_flag(caps, CAP_EFFECTIVE, (int)n, keep, CAP_SET) < 0))
		r = -errno;
	if (r == 0 && cap_set_proc(caps) < 0)
		r = -errno;
	(void)cap_free(caps);
	return r < 0 ? why_fail(why, -r, "reduce capabilities") : 0;
}

int
privs_drop(const char *user, const cap_value_t *keep, size_t n, struct why *why)
{
	struct passwd to;
	char space[4096]; /* one passwd entry */
	int r;

	if (geteuid() == 0 && user[0] != '\0') {
		r = find_user(user, &to, space, sizeof space, why);
		if (r < 0)
			return r;
		/* Without this setresuid() would take all capabilities. */
		if (prctl(PR_SET_KEEPCAPS, 1L) < 0)
			return why_fail(why, errno, "keep capabilities");
		r = change_identity(&to, why);
		if (r < 0)
			return r;
	}
	return keep_only(keep, n, why);
}

int
privs_forbid_new(struct why *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return why_fail(why, errno, "forbid new privileges");
	return 0;
}
