/*
 * Resource limits: the names of setrlimit(2) in lower case.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <err.h>
#include <stdint.h>
#include <string.h>

#include "cellexec.h"

static struct {
	const char *name;
	int resource;
	int given;
	rlim_t value;
} limits[] = {
	{ "as", RLIMIT_AS, 0, 0 },
	{ "core", RLIMIT_CORE, 0, 0 },
	{ "cpu", RLIMIT_CPU, 0, 0 },
	{ "data", RLIMIT_DATA, 0, 0 },
	{ "fsize", RLIMIT_FSIZE, 0, 0 },
	{ "memlock", RLIMIT_MEMLOCK, 0, 0 },
	{ "nofile", RLIMIT_NOFILE, 0, 0 },
	{ "nproc", RLIMIT_NPROC, 0, 0 },
	{ "nthr", RLIMIT_NTHR, 0, 0 },
	{ "rss", RLIMIT_RSS, 0, 0 },
	{ "sbsize", RLIMIT_SBSIZE, 0, 0 },
	{ "stack", RLIMIT_STACK, 0, 0 }
};

/*
 * Remember name=value, value being a number in the limit's own unit or
 * "unlimited".  Returns -1 when it is not that.
 */
int
limits_add(const char *setting)
{
	const char *equals;
	uintmax_t value;
	size_t i, length;

	if ((equals = strchr(setting, '=')) == NULL)
		return -1;
	if (strcmp(equals + 1, "unlimited") == 0)
		value = RLIM_INFINITY;
	else if (number_parse(equals + 1, RLIM_INFINITY, &value) == -1)
		return -1;
	length = (size_t)(equals - setting);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strlen(limits[i].name) != length ||
		    strncmp(limits[i].name, setting, length) != 0)
			continue;
		limits[i].given = 1;
		limits[i].value = (rlim_t)value;
		return 0;
	}
	return -1;
}

/*
 * Set the remembered limits, soft and hard alike: a hard limit above the
 * policy's ceiling would make the kernel refuse entry.
 */
void
limits_set(void)
{
	struct rlimit limit;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (!limits[i].given)
			continue;
		limit.rlim_cur = limit.rlim_max = limits[i].value;
		if (setrlimit(limits[i].resource, &limit) == -1)
			err(STATUS_LIMIT, "limit %s", limits[i].name);
	}
}
