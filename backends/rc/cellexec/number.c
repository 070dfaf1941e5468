/*
 * Decimal numbers, read strictly.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "cellexec.h"

/*
 * Store the value of text, which is nothing but digits and at most max.
 * Returns 0, or -1 when it is anything else.
 */
int
number_parse(const char *text, uintmax_t max, uintmax_t *value)
{

	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return -1;
	errno = 0;
	*value = strtoumax(text, NULL, 10);
	return errno == 0 && *value <= max ? 0 : -1;
}
