#include "lmtpd/front/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/io.h"
#include "core/scope.h"
#include "tests/unit/test.h"

struct world {
	struct library *library;
	struct arena arena;
	int fd;
};

static int
begin(void **state)
{
	static struct world world;

	world = (struct world){ library_new(LIBRARY_BYTES_MAX), ARENA_INIT,
		open("/tmp", O_TMPFILE | O_RDWR, 0600) };
	*state = &world;
	return world.fd < 0;
}

static int
end(void **state)
{
	struct world *world = *state;

	library_free(world->library);
	arena_done(&world->arena);
	return close(world->fd);
}

static void
write_script(struct world *world, const char *text)
{
	assert_int_equal(ftruncate(world->fd, 0), 0);
	assert_int_equal(lseek(world->fd, 0, SEEK_SET), 0);
	assert_int_equal(io_write(world->fd, text, strlen(text)), 0);
	assert_int_equal(lseek(world->fd, 0, SEEK_SET), 0);
}

static struct library_book
read_script(struct world *world)
{
	struct library_book book;

	assert_int_equal(library_read(world->library, world->fd,
			     sieve_extensions_default(), &world->arena, &book),
	    0);
	return book;
}

static void
a_file_is_compiled_once_until_it_changes(void **state)
{
	struct world *world = *state;
	struct library_book first, again, other;

	write_script(world, "keep;");
	first = read_script(world);
	again = read_script(world); /* whose offset is at the end by now */
	assert_non_null(first.program);
	assert_ptr_equal(first.program, again.program);
	assert_true(first.id == again.id);
	write_script(world, "discard;");
	other = read_script(world);
	assert_ptr_not_equal(first.program, other.program);
	assert_true(first.id != other.id);
	library_done(&first);
	library_done(&again);
	library_done(&other);
}

static void
a_file_that_was_read_is_recalled_without_it(void **state)
{
	struct world *world = *state;
	struct library_book first, again;

	write_script(world, "keep; stop;");
	first = read_script(world);
	assert_true(
	    library_recall(world->library, &first.file, &world->arena, &again));
	assert_ptr_equal(first.program, again.program);
	assert_true(store_script_eq(&first.file, &again.file));
	library_done(&first);
	library_done(&again);
	first.file.changed_ns++;
	assert_false(
	    library_recall(world->library, &first.file, &world->arena, &again));
}

static void
errors_are_remembered_with_their_place(void **state)
{
	struct world *world = *state;

	write_script(world, "keep;\nnonsense;");
	for (int i = 0; i < 2; i++) {
		struct library_book book = read_script(world);

		assert_null(book.program);
		assert_int_equal(book.error.line, 2);
		assert_non_null(book.error.text);
		library_done(&book);
	}
}

static void
a_script_that_is_too_large_has_an_error(void **state)
{
	struct world *world = *state;
	struct library_book book;

	assert_int_equal(ftruncate(world->fd, 1 << 20), 0);
	book = read_script(world);
	assert_null(book.program);
	assert_non_null(book.error.text);
}

static void
room_is_made_for_new_ones(void **state)
{
	struct world *world = *state;
	struct library *small = library_new(16 * 1024);
	struct library_book book;
	struct sieve_program *first;

	library_text(small, SLICE("keep;"), &world->arena, &book);
	first = sieve_program_ref(book.program);
	library_done(&book);
	for (int i = 0; i < 1000; i++) {
		const char *text = arena_printf(&world->arena, "keep; # %d", i);

		library_text(small, slice_of(text), &world->arena, &book);
		assert_non_null(book.program);
		library_done(&book);
	}
	library_text(small, SLICE("keep;"), &world->arena, &book);
	assert_ptr_not_equal(book.program, first);
	library_done(&book);
	sieve_program_unref(first);
	library_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_compiled_once_until_it_changes),
		cmocka_unit_test(a_file_that_was_read_is_recalled_without_it),
		cmocka_unit_test(errors_are_remembered_with_their_place),
		cmocka_unit_test(a_script_that_is_too_large_has_an_error),
		cmocka_unit_test(room_is_made_for_new_ones),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
