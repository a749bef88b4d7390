#include "core/digest.h"

#include <assert.h>
#include <sodium.h>
#include <stdint.h>

/* RFC 4648 section 6 in lower case; 15 octets need no padding. */
static void
to_base32(const unsigned char octets[DIGEST_OCTETS], char *text)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned bits = 0, n_bits = 0;

	for (size_t i = 0; i < DIGEST_OCTETS; i++) {
		bits = bits << 8 | octets[i];
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			*text++ = alphabet[bits >> (n_bits - 5) & 31];
	}
	*text = '\0';
}

void
digest_text(struct slice key, const struct slice *parts, size_t n,
    char text[DIGEST_TEXT + 1])
{
	crypto_generichash_state state;
	unsigned char octets[crypto_generichash_BYTES];

	assert(key.n >= crypto_generichash_KEYBYTES_MIN &&
	       key.n <= crypto_generichash_KEYBYTES_MAX);
	(void)crypto_generichash_init(
	    &state, (const unsigned char *)key.p, key.n, sizeof octets);
	for (size_t i = 0; i < n; i++) {
		uint64_t length = parts[i].n;

		(void)crypto_generichash_update(
		    &state, (const unsigned char *)&length, sizeof length);
		(void)crypto_generichash_update(
		    &state, (const unsigned char *)parts[i].p, parts[i].n);
	}
	(void)crypto_generichash_final(&state, octets, sizeof octets);
	to_base32(octets, text);
}
