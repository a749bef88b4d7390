#include "lmtpd/front/library.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/io.h"

/*
 * Sets of a few places; a script has its set by its key. Within a set the one
 * that was used longest ago goes first. When all of them together are too
 * large, a hand goes round the sets and takes the oldest of each.
 */
enum { SETS = 1024, WAYS = 8, KEY_OCTETS = DIGEST_TEXT };

struct entry {
	char key[KEY_OCTETS]; /* key[0] '\0': free */
	struct sieve_program *program;
	struct sieve_error error; /* its text is ours to free */
	size_t bytes;
	unsigned long used; /* the library's clock at the last look */
};

struct library {
	size_t bytes_max;

	pthread_mutex_t lock; /* for what follows */
	struct entry sets[SETS][WAYS];
	size_t bytes, hand;
	unsigned long clock;
};

struct library *
library_new(size_t bytes_max)
{
	struct library *library = calloc(1, sizeof *library);

	if (library == NULL)
		abort();
	library->bytes_max = bytes_max;
	(void)pthread_mutex_init(&library->lock, NULL);
	return library;
}

/* --- places; lock held ------------------------------------------------ */

static void
empty(struct library *library, struct entry *entry)
{
	library->bytes -= entry->bytes;
	sieve_program_unref(entry->program);
	free((void *)entry->error.text);
	*entry = (struct entry){ 0 };
}

void
library_free(struct library *library)
{
	if (library == NULL)
		return;
	for (size_t i = 0; i < SETS * WAYS; i++)
		empty(library, &library->sets[i / WAYS][i % WAYS]);
	(void)pthread_mutex_destroy(&library->lock);
	free(library);
}

/* A digest is as good a hash as any. */
static uint64_t
id_of(const char key[KEY_OCTETS])
{
	uint64_t id;

	(void)memcpy(&id, key, sizeof id);
	return id;
}

static struct entry *
set_of(struct library *library, const char key[KEY_OCTETS])
{
	uint64_t mixed = id_of(key) * 0x9E3779B97F4A7C15u;

	return library->sets[(mixed >> 32) % SETS];
}

static struct entry *
find(struct library *library, const char key[KEY_OCTETS])
{
	struct entry *set = set_of(library, key);

	for (size_t i = 0; i < WAYS; i++) {
		if (memcmp(set[i].key, key, KEY_OCTETS) == 0)
			return &set[i];
	}
	return NULL;
}

/* A free place, or the one that was used longest ago. */
static struct entry *
oldest(struct entry set[WAYS])
{
	struct entry *entry = set;

	for (size_t i = 1; i < WAYS; i++) {
		if (set[i].used < entry->used)
			entry = &set[i];
	}
	return entry;
}

/* Once round at most; what was just put in stays. */
static void
make_room(struct library *library)
{
	for (size_t n = 0; library->bytes > library->bytes_max && n < SETS;
	     n++) {
		struct entry *set = library->sets[library->hand++ % SETS];

		for (size_t i = 0; i < WAYS; i++) {
			if (set[i].bytes > 0 && set[i].used != library->clock)
				empty(library, &set[i]);
		}
	}
}

/* --- looking up ------------------------------------------------------- */

static void
copy_book(
    struct entry *entry, struct arena *arena, struct library_book *book_out)
{
	*book_out = (struct library_book){ .error = entry->error,
		.id = id_of(entry->key) };
	if (entry->program != NULL)
		book_out->program = sieve_program_ref(entry->program);
	if (entry->error.text != NULL)
		book_out->error.text = arena_strdup(arena, entry->error.text);
}

static bool
look_up(struct library *library, const char key[KEY_OCTETS],
    struct arena *arena, struct library_book *book_out)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&library->lock);
	entry = find(library, key);
	if (entry != NULL) {
		entry->used = ++library->clock;
		copy_book(entry, arena, book_out);
	}
	(void)pthread_mutex_unlock(&library->lock);
	return entry != NULL;
}

static void
put(struct library *library, const struct entry *new, struct arena *arena,
    struct library_book *book_out)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&library->lock);
	entry = find(library, new->key);
	if (entry == NULL)
		entry = oldest(set_of(library, new->key));
	empty(library, entry);
	*entry = *new;
	entry->used = ++library->clock;
	library->bytes += entry->bytes;
	copy_book(entry, arena, book_out);
	make_room(library);
	(void)pthread_mutex_unlock(&library->lock);
}

static void
compile(struct library *library, const char key[KEY_OCTETS], struct slice text,
    sieve_extension_set allowed, struct arena *arena,
    struct library_book *book_out)
{
	const struct sieve_options options = { allowed, NULL };
	struct entry entry = { .bytes = sizeof entry };
	struct sieve_errors errors;

	(void)memcpy(entry.key, key, KEY_OCTETS);
	sieve_errors_init(&errors);
	if (sieve_compile(text, &options, &entry.program, &errors) == 0) {
		entry.bytes += sieve_program_size(entry.program);
	} else {
		entry.error = errors.list[0];
		entry.error.text = strdup(errors.list[0].text);
	}
	sieve_errors_done(&errors);
	put(library, &entry, arena, book_out);
}

static void
make_key(struct slice kind, struct slice what, char key[DIGEST_TEXT + 1])
{
	const struct slice parts[] = { kind, what };

	digest_text(SLICE("hauspost sieve library"), parts, 2, key);
}

void
library_text(struct library *library, struct slice text, struct arena *arena,
    struct library_book *book_out)
{
	char key[DIGEST_TEXT + 1];

	make_key(SLICE("text"), text, key);
	if (!look_up(library, key, arena, book_out))
		compile(library, key, text, sieve_extensions_all(), arena,
		    book_out);
}

/* --- files ------------------------------------------------------------ */

static void
file_key(const struct store_script *file, char key[DIGEST_TEXT + 1])
{
	make_key(SLICE("file"),
	    (struct slice){ (const char *)file, sizeof *file }, key);
}

bool
library_recall(struct library *library, const struct store_script *file,
    struct arena *arena, struct library_book *book_out)
{
	char key[DIGEST_TEXT + 1];

	file_key(file, key);
	if (!look_up(library, key, arena, book_out))
		return false;
	book_out->file = *file;
	return true;
}

/* One octet more than is allowed, so that the compiler sees it is too much. */
static int
read_text(int fd, size_t n, struct buf *text)
{
	int r;

	if (n > SIEVE_SCRIPT_MAX + 1)
		n = SIEVE_SCRIPT_MAX + 1;
	if (buf_reserve(text, n) < 0)
		return -EMSGSIZE;
	r = io_read(fd, text->p, n);
	if (r == 0)
		buf_grown(text, n);
	return r;
}

int
library_read(struct library *library, int fd, sieve_extension_set allowed,
    struct arena *arena, struct library_book *book_out)
{
	AUTO_BUF struct buf text = BUF_INIT(SIEVE_SCRIPT_MAX + 1);
	char key[DIGEST_TEXT + 1];
	struct store_script file;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	file = store_script_of(&st);
	if (library_recall(library, &file, arena, book_out))
		return 0;
	r = read_text(fd, (size_t)file.size, &text);
	if (r < 0)
		return r;
	file_key(&file, key);
	compile(library, key, buf_slice(&text), allowed, arena, book_out);
	book_out->file = file;
	return 0;
}

void
library_done(struct library_book *book)
{
	sieve_program_unref(book->program);
	book->program = NULL;
}
