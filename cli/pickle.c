#include "cli/pickle.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/buf.h"

/* How many containers lie within each other, so that they can be released. */
struct value {
	json_t *json; /* NULL: a mark */
	unsigned depth;
};

/*
 * Containers are not handed out a second time
 * by the memo: no list of Mailman has one in two places, and a container that
 * held itself would never be released.
 */
struct machine {
	struct slice rest;
	struct value *stack;
	size_t n, capacity;
	json_t **memo;
	size_t n_memo;
	bool failed, done;
};

static void
fail(struct machine *m)
{
	m->failed = true;
}

/* --- the stack ---------------------------------------------------------- */

static void
push(struct machine *m, json_t *value)
{
	if (m->n == PICKLE_STACK_MAX) {
		json_decref(value);
		fail(m);
		return;
	}
	if (m->n == m->capacity) {
		m->capacity = m->capacity > 0 ? 2 * m->capacity : 64;
		m->stack = realloc(m->stack, m->capacity * sizeof *m->stack);
		if (m->stack == NULL)
			abort();
	}
	m->stack[m->n++] = (struct value){ value, 0 };
}

/* The value on top, which is the caller's; NULL when there is none. */
static json_t *
pop(struct machine *m)
{
	if (m->n == 0 || m->stack[m->n - 1].json == NULL) {
		fail(m);
		return NULL;
	}
	return m->stack[--m->n].json;
}

static json_t *
top(struct machine *m)
{
	if (m->n == 0 || m->stack[m->n - 1].json == NULL) {
		fail(m);
		return NULL;
	}
	return m->stack[m->n - 1].json;
}

static void
drop(struct machine *m, size_t values)
{
	for (; values > 0 && !m->failed; values--)
		json_decref(pop(m));
}

/* Where the values above the last mark begin. */
static size_t
above_mark(struct machine *m)
{
	for (size_t i = m->n; i > 0; i--) {
		if (m->stack[i - 1].json == NULL)
			return i;
	}
	fail(m);
	return m->n;
}

/* Drops what stands above the last mark, and the mark. */
static void
drop_to_mark(struct machine *m)
{
	size_t first = above_mark(m);

	if (m->failed)
		return;
	while (m->n > first)
		json_decref(m->stack[--m->n].json);
	m->n--;
}

/* --- what follows a code ------------------------------------------------ */

static struct slice
take(struct machine *m, size_t n)
{
	struct slice taken = slice_head(m->rest, n);

	if (m->rest.n < n)
		fail(m);
	m->rest = slice_tail(m->rest, n);
	return taken;
}

/* A little-endian number of n octets. */
static uint32_t
take_number(struct machine *m, size_t n)
{
	struct slice octets = take(m, n);
	uint32_t number = 0;

	for (size_t i = octets.n; i > 0; i--)
		number = number << 8 | (unsigned char)octets.p[i - 1];
	return number;
}

static struct slice
take_line(struct machine *m)
{
	struct slice line = { "", 0 };

	if (slice_find(m->rest, '\n') < 0)
		fail(m);
	else
		(void)slice_cut(&m->rest, '\n', &line);
	return line;
}

/* --- texts and numbers -------------------------------------------------- */

/* Python 2 knows octets only: what is no UTF-8 was ISO 8859-1 most often. */
static void
push_text(struct machine *m, struct slice text)
{
	AUTO_BUF struct buf wide = BUF_INIT(2 * text.n + 1);

	if (slice_is_text(text)) {
		push(m, json_stringn(text.p, text.n));
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x80) {
			(void)buf_add_char(&wide, (char)(0xC0 | c >> 6));
			c = 0x80 | (c & 0x3F);
		}
		(void)buf_add_char(&wide, (char)c);
	}
	push(m, json_stringn(buf_text(&wide), wide.n));
}

static void
short_text(struct machine *m)
{
	push_text(m, take(m, take_number(m, 1)));
}

static void
long_text(struct machine *m)
{
	push_text(m, take(m, take_number(m, 4)));
}

static void
octet(struct machine *m)
{
	push(m, json_integer(take_number(m, 1)));
}

static void
two_octets(struct machine *m)
{
	push(m, json_integer(take_number(m, 2)));
}

static void
four_octets(struct machine *m)
{
	push(m, json_integer((int32_t)take_number(m, 4)));
}

/* "I01\n" is how protocol 1 writes True. */
static void
written_number(struct machine *m)
{
	struct slice line = take_line(m);
	unsigned long long number = 0;

	(void)slice_number(line, LLONG_MAX, &number);
	push(m, json_integer((json_int_t)number));
}

/* Times and the like, of which nobody asks the value. */
static void
real(struct machine *m)
{
	(void)take(m, 8);
	push(m, json_null());
}

static void
long_number(struct machine *m)
{
	(void)take(m, take_number(m, 1));
	push(m, json_null());
}

static void
written_long(struct machine *m)
{
	(void)take_line(m);
	push(m, json_null());
}

static void
none(struct machine *m)
{
	push(m, json_null());
}

static void
yes(struct machine *m)
{
	push(m, json_integer(1));
}

static void
no(struct machine *m)
{
	push(m, json_integer(0));
}

/* --- containers --------------------------------------------------------- */

static void
new_list(struct machine *m)
{
	push(m, json_array());
}

static void
new_dictionary(struct machine *m)
{
	push(m, json_object());
}

static void
mark(struct machine *m)
{
	push(m, NULL);
}

/* The container at that place holds something that is so deep. */
static void
deepen(struct machine *m, size_t place, unsigned depth)
{
	struct value *container = &m->stack[place];

	if (container->depth <= depth)
		container->depth = depth + 1;
	if (container->depth > PICKLE_DEPTH_MAX)
		fail(m);
}

/* The last n values become one array. */
static void
gather(struct machine *m, size_t n)
{
	json_t *array = json_array();
	unsigned depth = 0;

	if (m->n < n) {
		fail(m);
		n = 0;
	}
	for (size_t i = m->n - n; i < m->n; i++) {
		if (m->stack[i].json == NULL)
			fail(m);
		else
			(void)json_array_append_new(array, m->stack[i].json);
		if (m->stack[i].depth > depth)
			depth = m->stack[i].depth;
	}
	m->n -= n;
	push(m, array);
	if (!m->failed)
		deepen(m, m->n - 1, depth);
}

/* It takes the place of the mark. */
static void
tuple(struct machine *m)
{
	size_t n = m->n - above_mark(m);

	if (!m->failed)
		gather(m, n);
	if (m->failed)
		return;
	m->stack[m->n - 2] = m->stack[m->n - 1];
	m->n--;
}

static void
tuple1(struct machine *m)
{
	gather(m, 1);
}

static void
tuple2(struct machine *m)
{
	gather(m, 2);
}

static void
tuple3(struct machine *m)
{
	gather(m, 3);
}

static void
append(struct machine *m, size_t list, size_t value)
{
	if (json_array_append(m->stack[list].json, m->stack[value].json) < 0)
		fail(m);
	else
		deepen(m, list, m->stack[value].depth);
}

static void
append_one(struct machine *m)
{
	if (m->n < 2)
		fail(m);
	else
		append(m, m->n - 2, m->n - 1);
	drop(m, 1);
}

static void
append_all(struct machine *m)
{
	size_t first = above_mark(m);

	if (m->failed || first < 2) {
		fail(m);
		return;
	}
	for (size_t i = first; i < m->n; i++)
		append(m, first - 2, i);
	drop_to_mark(m);
}

/* The value stands behind its key. One that is no text nobody asks for. */
static void
put(struct machine *m, size_t object, size_t key)
{
	const json_t *name = m->stack[key].json;

	if (!json_is_object(m->stack[object].json))
		fail(m);
	else if (json_is_string(name))
		(void)json_object_set(m->stack[object].json,
		    json_string_value(name), m->stack[key + 1].json);
	deepen(m, object, m->stack[key + 1].depth);
}

static void
set_one(struct machine *m)
{
	if (m->n < 3)
		fail(m);
	else
		put(m, m->n - 3, m->n - 2);
	drop(m, 2);
}

static void
set_all(struct machine *m)
{
	size_t first = above_mark(m);

	if (m->failed || first < 2 || (m->n - first) % 2 != 0) {
		fail(m);
		return;
	}
	for (size_t i = first; i < m->n; i += 2)
		put(m, first - 2, i);
	drop_to_mark(m);
}

/* --- the memo ----------------------------------------------------------- */

static void
remember(struct machine *m, size_t place)
{
	json_t *value = top(m);

	if (m->failed || place >= PICKLE_MEMO_MAX) {
		fail(m);
		return;
	}
	if (place >= m->n_memo) {
		size_t n = 2 * place + 64;

		m->memo = realloc(m->memo, n * sizeof *m->memo);
		if (m->memo == NULL)
			abort();
		for (; m->n_memo < n; m->n_memo++)
			m->memo[m->n_memo] = NULL;
	}
	json_decref(m->memo[place]);
	m->memo[place] = json_is_array(value) || json_is_object(value)
			     ? json_null()
			     : json_incref(value);
}

static void
recall(struct machine *m, size_t place)
{
	if (place >= m->n_memo || m->memo[place] == NULL)
		fail(m);
	else
		push(m, json_incref(m->memo[place]));
}

static void
remember_short(struct machine *m)
{
	remember(m, take_number(m, 1));
}

static void
remember_long(struct machine *m)
{
	remember(m, take_number(m, 4));
}

static void
recall_short(struct machine *m)
{
	recall(m, take_number(m, 1));
}

static void
recall_long(struct machine *m)
{
	recall(m, take_number(m, 4));
}

/* --- objects, which become null ------------------------------------------ */

static void
name_class(struct machine *m)
{
	(void)take_line(m);
	(void)take_line(m);
	push(m, json_null());
}

static void
instance(struct machine *m)
{
	(void)take_line(m);
	(void)take_line(m);
	drop_to_mark(m);
	push(m, json_null());
}

static void
object(struct machine *m)
{
	drop_to_mark(m);
	push(m, json_null());
}

static void
call(struct machine *m)
{
	drop(m, 2);
	push(m, json_null());
}

static void
drop_one(struct machine *m)
{
	drop(m, 1);
}

/* --- codes -------------------------------------------------------------- */

static void
protocol(struct machine *m)
{
	if (take_number(m, 1) > 2)
		fail(m);
}

static void
stop(struct machine *m)
{
	m->done = true;
}

typedef void code_fn(struct machine *);

static code_fn *const codes[256] = {
	['('] = mark,
	['.'] = stop,
	['0'] = drop_one,
	['1'] = drop_to_mark,
	['F'] = written_long,
	['G'] = real,
	['I'] = written_number,
	['J'] = four_octets,
	['K'] = octet,
	['L'] = written_long,
	['M'] = two_octets,
	['N'] = none,
	['R'] = call,
	['T'] = long_text,
	['U'] = short_text,
	['X'] = long_text,
	['a'] = append_one,
	['b'] = drop_one,
	['c'] = name_class,
	['e'] = append_all,
	['h'] = recall_short,
	['i'] = instance,
	['j'] = recall_long,
	['o'] = object,
	['q'] = remember_short,
	['r'] = remember_long,
	['s'] = set_one,
	['t'] = tuple,
	['u'] = set_all,
	[')'] = new_list,
	[']'] = new_list,
	['}'] = new_dictionary,
	[0x80] = protocol,
	[0x81] = call,
	[0x85] = tuple1,
	[0x86] = tuple2,
	[0x87] = tuple3,
	[0x88] = yes,
	[0x89] = no,
	[0x8a] = long_number,
};

static void
step(struct machine *m)
{
	struct slice code = take(m, 1);
	code_fn *run = code.n > 0 ? codes[(unsigned char)code.p[0]] : NULL;

	if (run != NULL)
		run(m);
	else
		fail(m);
}

static void
release(struct machine *m)
{
	while (m->n > 0)
		json_decref(m->stack[--m->n].json);
	while (m->n_memo > 0)
		json_decref(m->memo[--m->n_memo]);
	free(m->stack);
	free(m->memo);
}

bool
pickle_is(struct slice octets)
{
	return octets.n > 2 &&
	       (octets.p[0] == '}' ||
		   ((unsigned char)octets.p[0] == 0x80 && octets.p[1] <= 2));
}

json_t *
pickle_read(struct slice octets)
{
	struct machine m = { .rest = octets };
	json_t *result = NULL;

	while (!m.failed && !m.done)
		step(&m);
	if (!m.failed && m.n == 1)
		result = pop(&m);
	release(&m);
	return result;
}
