/*
 * Tells callgrind where a measurement starts and ends.
 */

#include <valgrind/callgrind.h>

void	host_zero(void);
void	host_dump(const char *);

void
host_zero(void)
{

	CALLGRIND_ZERO_STATS;
}

void
host_dump(const char *what)
{

	CALLGRIND_DUMP_STATS_AT(what);
}
