#include "lmtpd/storer/identity.h"

#include <errno.h>
#include <sys/fsuid.h>
#include <unistd.h>

void
identity_init(struct identity *identity)
{
	identity->own_uid = identity->uid = geteuid();
	identity->own_gid = identity->gid = getegid();
}

/* The group first: the user alone never meets the wrong group's files. */
static int
change(struct identity *identity, uid_t uid, gid_t gid, struct why *why)
{
	if (identity->uid == uid && identity->gid == gid)
		return 0;
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	/* An impossible id changes nothing and tells the present one. */
	identity->gid = (gid_t)setfsgid((gid_t)-1);
	identity->uid = (uid_t)setfsuid((uid_t)-1);
	if (identity->uid != uid || identity->gid != gid)
		return why_fail(why, EPERM, "become uid %u gid %u",
		    (unsigned)uid, (unsigned)gid);
	return 0;
}

int
identity_become(
    struct identity *identity, uid_t uid, gid_t gid, struct why *why)
{
	if (uid < IDENTITY_MIN || gid < IDENTITY_MIN || uid == (uid_t)-1 ||
	    gid == (gid_t)-1)
		return why_fail(why, EPERM, "refuse to become uid %u gid %u",
		    (unsigned)uid, (unsigned)gid);
	return change(identity, uid, gid, why);
}

int
identity_return(struct identity *identity, struct why *why)
{
	return change(identity, identity->own_uid, identity->own_gid, why);
}
