/* Finds out as what it was called, and where; records the call. */

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stub.h"

static const struct stub {
	const char	*name;
	stub_main	*run;
	int		 recorded;
} stubs[] = {
	{ "cellexec",	stub_cellexec,		1 },
	{ "flock",	stub_flock,		0 },
	{ "launch",	stub_launch,		0 },
	{ "logger",	stub_logger,		0 },
	{ "modload",	stub_modload,		1 },
	{ "modunload",	stub_modunload,		1 },
	{ "mount",	stub_mount,		1 },
	{ "mount_null",	stub_mount_null,	1 },
	{ "mount_ptyfs", stub_mount_fs,		1 },
	{ "mount_tmpfs", stub_mount_fs,		1 },
	{ "pax",	stub_pax,		1 },
	{ "ps",		stub_ps,		0 },
	{ "sleep",	stub_sleep,		0 },
	{ "sysctl",	stub_sysctl,		1 },
	{ "umount",	stub_umount,		1 },
	{ "veriexecctl", stub_veriexecctl,	1 },
};

char root[PATH_MAX];

const char *
below_root(const char *format, ...)
{
	static char path[2 * PATH_MAX];
	va_list args;
	int n;

	n = snprintf(path, sizeof(path), "%s/", root);
	va_start(args, format);
	(void)vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
	va_end(args);
	return path;
}

char *
content(const char *path)
{
	struct stat st;
	char *text;
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	if (fstat(fd, &st) == -1 ||
	    (text = malloc((size_t)st.st_size + 1)) == NULL ||
	    (n = read(fd, text, (size_t)st.st_size)) == -1)
		err(1, "%s", path);
	(void)close(fd);
	text[n] = '\0';
	return text;
}

void
put(const char *path, int flags, const void *data, size_t size)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		err(1, "%s", path);
	(void)close(fd);
}

void
put_words(const char *path, int flags, char *words[])
{
	char *text;
	size_t size;
	FILE *memory;

	if ((memory = open_memstream(&text, &size)) == NULL)
		err(1, "memory");
	for (; *words != NULL; words++)
		(void)fwrite(*words, 1, strlen(*words) + 1, memory);
	(void)fclose(memory);
	put(path, flags, text, size);
	free(text);
}

void
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	exit(1);
}

/* A record separator ends a call, since words may hold newlines. */
static void
record(const char *name, char *words[])
{
	char *text;
	size_t size;
	FILE *memory;

	if ((memory = open_memstream(&text, &size)) == NULL)
		err(1, "memory");
	(void)fprintf(memory, "%s", name);
	for (; *words != NULL; words++)
		(void)fprintf(memory, " [%s]", *words);
	(void)fputc('\036', memory);
	(void)fclose(memory);
	put(below_root("state/log"), O_APPEND, text, size);
	free(text);
}

int
main(int argc, char *argv[])
{
	const struct stub *stub;
	char *folder, *name;
	ssize_t n;

	if ((n = readlink("/proc/self/exe", root, sizeof(root) - 1)) == -1)
		err(1, "/proc/self/exe");
	root[n] = '\0';
	name = strrchr(root, '/') + 1;
	if ((folder = strstr(root, "/stubs/")) == NULL)
		fail("%s is not in a folder of stubs", root);
	for (stub = stubs; stub < stubs + sizeof(stubs) / sizeof(stubs[0]);
	    stub++)
		if (strcmp(name, stub->name) == 0) {
			*folder = '\0';
			argv[0] = name;
			if (stub->recorded)
				record(name, argv + 1);
			return stub->run(argc, argv);
		}
	fail("there is no stub %s", name);
}
