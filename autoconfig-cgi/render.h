/*
 * autoconfig-cgi/render.h - the same facts in each client's own format.
 *
 * One file per contract. Whatever varies in an answer is escaped by the
 * writer of the format (libxml2, jansson); passwords are in none of them, and
 * no person's name: only the address that the asker knows already.
 *
 * Ownership: texts live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_AUTOCONFIG_RENDER_H
#define HAUSPOST_AUTOCONFIG_RENDER_H

#include "autoconfig-cgi/words.h"
#include "core/arena.h"
#include "core/provider.h"
#include "core/setup.h"

/* What is published to one asker. */
struct publication {
	const struct provider *provider;
	const struct setup *setup;
	struct slice address; /* as asked; empty: none was given */
	bool refused;	      /* one was, and it leads nowhere: setup is NULL */
};

/* What to log in with where a format has no word for "the address". */
static inline struct slice
publication_login(const struct publication *p)
{
	return p->setup->login.n > 0 ? p->setup->login : p->address;
}

/* clientConfig, version 1.1. */
struct slice render_mozilla(
    struct arena *arena, const struct publication *publication);

/* Autodiscover; needs an address. */
struct slice render_pox(
    struct arena *arena, const struct publication *publication);

/* Autodiscover's error document; now: seconds since 1970. */
struct slice render_pox_error(
    struct arena *arena, unsigned code, const char *message, long long now);

/* Autodiscover v2: where the XML is to be had. */
struct slice render_v2(struct arena *arena, const struct provider *provider);
struct slice render_v2_error(
    struct arena *arena, const char *code, const char *message);

/* Apple's property list, not signed yet; needs an address. */
struct slice render_apple(
    struct arena *arena, const struct publication *publication);

/* The page for people: a form, and the settings where there is a setup. */
struct slice render_help(struct arena *arena,
    const struct publication *publication, enum language language);
extern const char help_style[];

#endif
