/*
 * A fake of the kernel's side of cellexec(8).  The directory that the
 * environment variable SHIM_SYSCTL names holds a file per node, read as the
 * node's value.  Writes are appended to the file "log".  A file
 * "<node>.errno" makes the write fail with the number it holds, one
 * "cells.denied" makes reading fail, and "cells.grows" says once that the
 * value is shorter than it is; "cells.next" takes its place once somebody entered.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char prefix[] = "security.models.cellpolicy.";
static int state = -1;		/* kept open, since the caller changes its root */
static int id;

static void __attribute__((__constructor__))
shim_open(void)
{
	const char *dir = getenv("SHIM_SYSCTL");
	int fd;

	if (dir == NULL || (fd = open(dir, O_RDONLY | O_DIRECTORY)) == -1)
		abort();
	state = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	(void)close(fd);
}

/* Reads a file into text and returns its size, or -1 when there is none. */
static ssize_t
shim_read(const char *name, const char *suffix, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s", name, suffix);
	if ((fd = openat(state, path, O_RDONLY)) == -1)
		return -1;
	n = read(fd, text, size - 1);
	(void)close(fd);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

static void
shim_write(const char *name, int flags, const void *data, size_t size)
{
	int fd = openat(state, name, O_WRONLY | O_CREAT | flags, 0644);

	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)close(fd);
}

static void __attribute__((__format__(__printf__, 1, 2)))
shim_log(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	shim_write("log", O_APPEND, line, strlen(line));
}

/* Who enters, in which state: what the kernel would see. */
static void
shim_log_entry(void)
{
	struct rlimit nofile;
	gid_t groups[64];
	uid_t ruid, euid, suid;
	int i, n;

	(void)getresuid(&ruid, &euid, &suid);
	(void)getrlimit(RLIMIT_NOFILE, &nofile);
	shim_log("id %d ruid=%u euid=%u gid=%u nofile=%ju groups=", id,
	    ruid, euid, getegid(), (uintmax_t)nofile.rlim_max);
	n = getgroups(64, groups);
	for (i = 0; i < n; i++)
		shim_log("%s%u", i == 0 ? "" : ",", groups[i]);
	shim_log("\n");
}

static int
shim_set(const char *node, const void *data, size_t size)
{
	char text[64];
	uint64_t generation;
	const int32_t *pair;

	if (shim_read(node, ".errno", text, sizeof(text)) > 0) {
		errno = atoi(text);
		return -1;
	}
	if (strcmp(node, "id") == 0) {
		memcpy(&id, data, sizeof(id));
		(void)renameat(state, "cells.next", state, "cells");
		shim_log_entry();
	} else if (strcmp(node, "load") == 0) {
		shim_log("load %zu\n", size);
		shim_write("image", O_TRUNC, data, size);
		(void)shim_read("generation", "", text, sizeof(text));
		generation = strtoull(text, NULL, 10) + 1;
		(void)snprintf(text, sizeof(text), "%" PRIu64, generation);
		if (shim_read("load", ".stuck", text + 32, 32) == -1)
			shim_write("generation", O_TRUNC, text, strlen(text));
	} else if (strcmp(node, "signal") == 0 && size == 2 * sizeof(*pair)) {
		pair = data;
		shim_log("signal %d %d\n", pair[0], pair[1]);
	} else {
		errno = EPERM;
		return -1;
	}
	return 0;
}

static int
shim_get(const char *node, void *old, size_t *oldlen)
{
	static char text[1 << 20];
	uint64_t quad;
	const void *value = text;
	ssize_t n;
	size_t size;

	if ((n = shim_read(node, "", text, sizeof(text))) == -1) {
		if (strcmp(node, "id") != 0) {
			errno = ENOENT;
			return -1;
		}
		value = &id;
		size = sizeof(id);
	} else if (strcmp(node, "generation") == 0) {
		quad = strtoull(text, NULL, 10);
		value = &quad;
		size = sizeof(quad);
	} else
		size = (size_t)n + 1;
	if (old == NULL && unlinkat(state, "cells.grows", 0) == 0)
		size = 1;
	if (old != NULL && faccessat(state, "cells.denied", F_OK, 0) == 0) {
		errno = EPERM;
		return -1;
	}
	if (old != NULL && *oldlen < size) {
		errno = ENOMEM;
		return -1;
	}
	if (old != NULL)
		memcpy(old, value, size);
	*oldlen = size;
	return 0;
}

int
sysctlbyname(const char *name, void *old, size_t *oldlen, const void *new,
    size_t newlen)
{

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0) {
		errno = ENOENT;
		return -1;
	}
	name += sizeof(prefix) - 1;
	return new != NULL ? shim_set(name, new, newlen) :
	    shim_get(name, old, oldlen);
}
