/*
 * The kernel's side: sysctl(7) nodes below security.models.cellpolicy,
 * found by name, since their numbers are given out when the module loads.
 */

#include <sys/param.h>
#include <sys/stat.h>
#include <sys/sysctl.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cellexec.h"

#define NODE(name)	"security.models.cellpolicy." name

/* The value of a string node, in memory that is not freed; never NULL. */
static char *
node_string(const char *node)
{
	char *text;
	size_t size;

	for (;;) {
		size = 0;
		if (sysctlbyname(node, NULL, &size, NULL, 0) == -1)
			err(STATUS_NO_POLICY, "%s", node);
		size += 1024;	/* what may be added before the second call */
		if ((text = calloc(1, size + 1)) == NULL)
			err(STATUS_NO_POLICY, NULL);
		if (sysctlbyname(node, text, &size, NULL, 0) == 0)
			return text;
		if (errno != ENOMEM)
			err(STATUS_NO_POLICY, "%s", node);
		free(text);
	}
}

static uint64_t
node_quad(const char *node)
{
	uint64_t value;
	size_t size;

	size = sizeof(value);
	if (sysctlbyname(node, &value, &size, NULL, 0) == -1 ||
	    size != sizeof(value))
		err(STATUS_NO_POLICY, "%s", node);
	return value;
}

/*
 * The id of a cell of the policy in force; each line of the node is
 * "id name state processes denials".
 */
int
kernel_cell_find(const char *name)
{
	char *cells, *line, *text, *id, *rest;
	uintmax_t number;
	int found;

	found = 0;
	cells = text = node_string(NODE("cells"));
	while (!found && (line = strsep(&text, "\n")) != NULL) {
		rest = line;
		id = strsep(&rest, " ");
		if (rest == NULL || strcmp(strsep(&rest, " "), name) != 0)
			continue;
		if (number_parse(id, UINT16_MAX, &number) == -1 || number == 0)
			errx(STATUS_NO_POLICY, "%s: bad id \"%s\"",
			    NODE("cells"), id);
		found = (int)number;
	}
	free(cells);
	if (!found)
		errx(STATUS_NO_CELL, "no cell \"%s\" in the policy in force",
		    name);
	return found;
}

/*
 * Make this process one of the cell's, and see that it became one.  A policy
 * loaded since the cell was looked up may have given its id, while nothing
 * lived there, to another name; from now on it cannot.
 */
void
kernel_cell_enter(int id, const char *name)
{
	size_t size;
	int now;

	if (sysctlbyname(NODE("id"), NULL, NULL, &id, sizeof(id)) == -1) {
		if (errno == EAGAIN)
			errx(STATUS_ENTER, "cell %s has as many processes as "
			    "the policy allows", name);
		if (errno == ERANGE)
			errx(STATUS_ENTER, "a hard limit is above what the "
			    "policy allows in cell %s: lower it with -l", name);
		err(STATUS_ENTER, "enter cell %s", name);
	}
	size = sizeof(now);
	if (sysctlbyname(NODE("id"), &now, &size, NULL, 0) == -1)
		err(STATUS_ENTER, "%s", NODE("id"));
	if (now != id)
		errx(STATUS_ENTER, "entered cell %d instead of %d", now, id);
	if (kernel_cell_find(name) != id)
		errx(STATUS_ENTER, "%d is no longer the id of cell %s", id,
		    name);
}

/* Send a signal to every process of the cell. */
void
kernel_cell_signal(int id, const char *name, int signo)
{
	int32_t request[2];

	request[0] = id;
	request[1] = signo;
	if (sysctlbyname(NODE("signal"), NULL, NULL, request,
	    sizeof(request)) == -1)
		err(STATUS_SIGNAL, "signal the processes of cell %s", name);
}

/* The whole of a file, in memory that is not freed. */
static void *
image_read(const char *path, size_t *size)
{
	struct stat st;
	char *image;
	size_t done;
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		err(STATUS_IMAGE, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		errx(STATUS_IMAGE, "%s: not an image", path);
	*size = (size_t)st.st_size;
	if ((image = malloc(*size)) == NULL)
		err(STATUS_IMAGE, "%s", path);
	for (done = 0; done < *size; done += (size_t)n) {
		n = read(fd, image + done, *size - done);
		if (n == -1)
			err(STATUS_IMAGE, "%s", path);
		if (n == 0)
			errx(STATUS_IMAGE, "%s: shorter than it was", path);
	}
	(void)close(fd);
	return image;
}

/*
 * Load a policy image and confirm that it took effect: the generation
 * grew and, where hash is not NULL, the policy in force has that hash.
 */
void
kernel_policy_load(const char *path, const char *hash)
{
	uint64_t before;
	void *image;
	char *now;
	size_t size;

	image = image_read(path, &size);
	before = node_quad(NODE("generation"));
	if (sysctlbyname(NODE("load"), NULL, NULL, image, size) == -1)
		err(STATUS_LOAD, "load %s", path);
	free(image);
	if (node_quad(NODE("generation")) <= before)
		errx(STATUS_CONFIRM, "%s: the generation did not grow", path);
	now = node_string(NODE("hash"));
	if (hash != NULL && strcmp(now, hash) != 0)
		errx(STATUS_CONFIRM, "%s: the policy in force is %s, not %s",
		    path, now, hash);
	free(now);
}
