/* The table of mounts: a line for each, as mount(8) lists them, in state/mounts. */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stub.h"

int
stub_mount(int argc, char *argv[])
{
	char *table;

	if (argc != 1 || (table = content(below_root("state/mounts"))) == NULL)
		fail("%s", argv[argc - 1]);
	(void)fputs(table, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

static void
add(const char *source, const char *target, const char *type,
    const char *options)
{
	char line[3 * PATH_MAX];
	int n;

	n = snprintf(line, sizeof(line), "%s on %s type %s (%s)\n", source,
	    target, type, options);
	put(below_root("state/mounts"), O_APPEND, line, (size_t)n);
}

static void
check_physical(const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (realpath(path, real) == NULL)
		err(1, "%s", path);
	if (strcmp(real, path) != 0)
		fail("\"%s\" is a relative path.", path);
	if (stat(path, &st) == -1 || !S_ISDIR(st.st_mode))
		fail("%s: Not a directory", path);
}

int
stub_mount_null(int argc, char *argv[])
{
	char options[256], *to = options;
	const char *from;

	if (argc != 5 || strcmp(argv[1], "-o") != 0 || strlen(argv[2]) > 64)
		fail("usage: mount_null -o options target mount-point");
	check_physical(argv[3]);
	check_physical(argv[4]);
	if (strcmp(argv[3], argv[4]) == 0)
		fail("%s and %s are identical paths", argv[3], argv[4]);
	for (from = argv[2]; *from != '\0'; from++) {
		*to++ = *from;
		if (*from == ',')
			*to++ = ' ';
	}
	(void)strcpy(to, ", local");
	add(argv[3], argv[4], "null", options);
	return 0;
}

/* mount_tmpfs(8) and mount_ptyfs(8) */
int
stub_mount_fs(int argc, char *argv[])
{
	const char *type = strchr(argv[0], '_') + 1;
	const char *letters = strcmp(type, "tmpfs") == 0 ?
	    "+g:m:n:o:s:u:" : "+g:m:o:";
	struct stat st;
	int option;

	while ((option = getopt(argc, argv, letters)) != -1)
		if (option == '?')
			return 1;
	if (argc != optind + 2)
		fail("usage: %s [options] %s mount-point", argv[0], type);
	if (stat(argv[argc - 1], &st) == -1 || !S_ISDIR(st.st_mode))
		fail("%s: Not a directory", argv[argc - 1]);
	add(type, argv[argc - 1], type, "local");
	return 0;
}

/* Returns the start of the last line that a target is in, or NULL. */
static char *
topmost(char *table, const char *target)
{
	char *line, *next, *found = NULL, word[2 * PATH_MAX];

	(void)snprintf(word, sizeof(word), " on %s type ", target);
	for (line = table; *line != '\0'; line = next + 1) {
		if ((next = strchr(line, '\n')) == NULL)
			fail("a line of the mounts has no end");
		*next = '\0';
		if (strstr(line, word) != NULL)
			found = line;
		*next = '\n';
	}
	return found;
}

/* Takes the topmost mount away, unless processes of a cell use it. */
int
stub_umount(int argc, char *argv[])
{
	const char *target = argv[argc - 1];
	char *line, *next, *table, old[2 * PATH_MAX];
	int option, literal = 0;

	while ((option = getopt(argc, argv, "+fRv")) != -1) {
		if (option == '?')
			return 1;
		literal |= option == 'R';
	}
	if (argc != optind + 1)
		fail("usage: umount [-fRv] special | node");
	if (!literal)
		fail("%s: without -R", target);
	if (access(below_root("state/busy"), F_OK) == 0 || uses(target))
		fail("%s: Device busy", target);
	(void)snprintf(old, sizeof(old), "%s", below_root("state/mounts"));
	if ((table = content(old)) == NULL ||
	    (line = topmost(table, target)) == NULL)
		fail("%s: not currently mounted", target);
	next = strchr(line, '\n') + 1;
	(void)memmove(line, next, strlen(next) + 1);
	put(below_root("state/mounts.new"), O_TRUNC, table, strlen(table));
	if (rename(below_root("state/mounts.new"), old) == -1)
		err(1, "%s", old);
	return 0;
}
