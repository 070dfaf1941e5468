/*
 * Tells callgrind where a measurement starts and ends.  The name is written
 * for other tools of valgrind, too.
 */

#include <valgrind/callgrind.h>
#include <valgrind/valgrind.h>

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
	VALGRIND_PRINTF("kind %s\n", what);
}
