/* The kernel's nodes are files in state/sysctl; its fingerprints a file. */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stub.h"

#define	NODES	"security.models.cellpolicy."

/* The cells, with the processes that live in each. */
static void
print_cells(char *text)
{
	char id[16], cell[64], mode[16], *line;

	for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		if (sscanf(line, "%15s %63s %15s", id, cell, mode) == 3)
			(void)printf("%s %s %s %d 0\n", id, cell, mode,
			    count_processes(cell, 0));
}

int
stub_sysctl(int argc, char *argv[])
{
	char *text;

	if (argc == 3 && strcmp(argv[1], "-f") == 0) {
		if (access(below_root("state/frozen"), F_OK) == 0)
			fail("kern.logsigexit: Operation not permitted");
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "-n") != 0)
		fail("not the sysctl this stands for");
	if (strcmp(argv[2], "kern.ostype") == 0)
		return puts("NetBSD") < 0;
	if ((text = content(below_root("state/sysctl/%s", argv[2]))) == NULL)
		return 1;
	if (strcmp(argv[2], NODES "cells") == 0)
		print_cells(text);
	else
		(void)fputs(text, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* Does something with each node of the policy in a folder. */
static void
each_node(const char *folder, void (*change)(const char *))
{
	struct dirent *entry;
	DIR *dir;

	if ((dir = opendir(below_root("state/%s", folder))) == NULL)
		err(1, "%s", folder);
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, NODES, strlen(NODES)) == 0)
			change(entry->d_name);
	(void)closedir(dir);
}

static void
copy_node(const char *name)
{
	char *text = content(below_root("state/module/%s", name));

	put(below_root("state/sysctl/%s", name), O_TRUNC, text, strlen(text));
	free(text);
}

static void
remove_node(const char *name)
{

	(void)unlink(below_root("state/sysctl/%s", name));
}

int
stub_modload(int argc, char *argv[])
{

	if (argc != 2)
		fail("usage: %s module", argv[0]);
	if (access(below_root("state/module/name"), F_OK) == -1)
		return 1;
	each_node("module", copy_node);
	return 0;
}

int
stub_modunload(int argc, char *argv[])
{

	if (argc != 2)
		fail("usage: %s name", argv[0]);
	if (access(below_root("state/busy"), F_OK) == 0)
		fail("Device busy");
	each_node("sysctl", remove_node);
	return 0;
}

/* Prints the fingerprints of a file, and returns how many were loaded for it. */
static int
print_fingerprints(char *text, const char *file)
{
	char word[PATH_MAX + 16], *line, *found;
	int number = 0;

	(void)snprintf(word, sizeof(word), "%s SHA256 ", file);
	for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		if ((found = strstr(line, word)) != NULL) {
			found += strlen(word);
			(void)printf("Fingerprint: %.*s\n",
			    (int)strcspn(found, " "), found);
			number++;
		}
	return number;
}

int
stub_veriexecctl(int argc, char *argv[])
{
	char *text;

	if (argc == 3 && strcmp(argv[1], "load") == 0) {
		if (access(below_root("state/strict"), F_OK) == 0 ||
		    (text = content(argv[2])) == NULL)
			return 1;
		put(below_root("state/fingerprints"), O_APPEND, text,
		    strlen(text));
	} else if (argc == 3 && strcmp(argv[1], "query") == 0) {
		text = content(below_root("state/fingerprints"));
		if (print_fingerprints(text, argv[2]) == 0)
			fail("No Veriexec entry for `%s'", argv[2]);
	} else
		fail("not the veriexecctl this stands for");
	return 0;
}
