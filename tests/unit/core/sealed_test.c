#include "tests/unit/test.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sealed.h"

static char folder[] = "/tmp/sealed.XXXXXX";
static const struct slice bound[] = { { "17", 2 }, { "imap.example", 12 } };
static const struct slice other[] = { { "17", 2 }, { "evil.example", 12 } };
/* The same octets, cut elsewhere. */
static const struct slice shifted[] = { { "1", 1 }, { "7imap.example", 13 } };

static int
start(void **state)
{
	(void)state;
	assert_true(sodium_init() >= 0);
	assert_non_null(mkdtemp(folder));
	return 0;
}

static const char *
path(const char *name)
{
	static char text[256];

	(void)snprintf(text, sizeof text, "%s/%s", folder, name);
	return text;
}

static int
end(void **state)
{
	(void)state;
	(void)unlink(path("private.key"));
	(void)unlink(path("public.key"));
	return rmdir(folder);
}

static struct sealed_keys *
keys_open(void)
{
	struct sealed_keys *keys = NULL;
	struct why why = { 0 };

	assert_int_equal(sealed_keys_open(folder, &keys, &why), 0);
	return keys;
}

static struct buf
seal(struct slice value)
{
	struct buf box = BUF_INIT(65536);
	struct sealed_public public;
	struct why why = { 0 };

	assert_int_equal(
	    sealed_public_read(path("public.key"), &public, &why), 0);
	assert_int_equal(sealed_make(&public, bound, 2, value, &box, &why), 0);
	return box;
}

static int
unseal(const struct sealed_keys *keys, struct slice box, const struct slice *to,
    const char *want)
{
	struct buf value = BUF_INIT(SEALED_VALUE_MAX);
	struct why why = { 0 };
	int r = sealed_open(keys, box, to, 2, &value, &why);

	if (r == 0)
		assert_slice(buf_slice(&value), want);
	buf_free(&value);
	return r;
}

static void
a_box_is_opened_for_what_it_is_for(void **state)
{
	struct sealed_keys *keys = keys_open();
	struct buf box = seal(SLICE("a:secret,"));

	(void)state;
	assert_int_equal(unseal(keys, buf_slice(&box), bound, "a:secret,"), 0);
	assert_int_equal(unseal(keys, buf_slice(&box), other, ""), -EBADMSG);
	assert_int_equal(unseal(keys, buf_slice(&box), shifted, ""), -EBADMSG);
	buf_free(&box);
	sealed_keys_free(keys);
}

static void
a_damaged_box_is_refused(void **state)
{
	struct sealed_keys *keys = keys_open();
	struct buf box = seal(SLICE("secret"));

	(void)state;
	for (size_t i = 0; i < box.n; i++) {
		box.p[i] ^= 1;
		assert_int_equal(
		    unseal(keys, buf_slice(&box), bound, ""), -EBADMSG);
		box.p[i] ^= 1;
	}
	for (size_t n = 0; n < box.n; n++)
		assert_int_equal(
		    unseal(keys, slice_head(buf_slice(&box), n), bound, ""),
		    -EBADMSG);
	buf_free(&box);
	sealed_keys_free(keys);
}

static void
lengths_tell_little(void **state)
{
	struct sealed_keys *keys = keys_open();
	struct buf a = seal(SLICE("")), b = seal(SLICE("sixteen octets.."));

	(void)state;
	assert_int_equal(a.n, b.n);
	buf_free(&a);
	buf_free(&b);
	sealed_keys_free(keys);
}

static void
the_private_key_is_ours_alone(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path("private.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(stat(path("public.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void
an_old_key_still_opens(void **state)
{
	struct sealed_keys *keys = keys_open();
	struct buf old = seal(SLICE("old")), new;

	(void)state;
	sealed_keys_free(keys);
	assert_int_equal(unlink(path("public.key")), 0);
	keys = keys_open();
	new = seal(SLICE("new"));
	assert_int_equal(unseal(keys, buf_slice(&old), bound, "old"), 0);
	assert_int_equal(unseal(keys, buf_slice(&new), bound, "new"), 0);
	assert_memory_not_equal(old.p, new.p, 1 + SEALED_ID);
	buf_free(&old);
	buf_free(&new);
	sealed_keys_free(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_is_opened_for_what_it_is_for),
		cmocka_unit_test(a_damaged_box_is_refused),
		cmocka_unit_test(lengths_tell_little),
		cmocka_unit_test(the_private_key_is_ours_alone),
		cmocka_unit_test(an_old_key_still_opens),
	};

	return cmocka_run_group_tests(tests, start, end);
}
