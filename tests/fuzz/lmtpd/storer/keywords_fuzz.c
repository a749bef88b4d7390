/* The file dovecot-keywords belongs to the mailbox' owner. */
#include "lmtpd/storer/keywords.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice wanted, file = { (const char *)octets, n };
	AUTO_BUF struct buf append = BUF_INIT(KEYWORDS_FILE_MAX);
	char letters[KEYWORDS_LETTERS];

	(void)slice_cut(&file, '\n', &wanted);
	keywords_plan(file, wanted, &append, letters);
	for (size_t i = 1; letters[0] != '\0' && letters[i] != '\0'; i++) {
		if (letters[i] <= letters[i - 1])
			abort();
	}
	return 0;
}
