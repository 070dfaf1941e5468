/*
 * Processes of cells.  Each has a file state/processes/<pid> with its cell, when
 * it started, since pids come again, and its root.  An empty one stands for a
 * process in any cell.
 */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stub.h"

/* When a process started, in clock ticks; 0 when it is none, or a zombie. */
static unsigned long long
started(pid_t pid)
{
	unsigned long long start = 0;
	char path[64], text[1024], state, *rest;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if ((rest = strrchr(text, ')')) == NULL || sscanf(rest,
	    ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
	    " %*d %*d %*d %llu", &state, &start) != 2 ||
	    state == 'Z' || state == 'X')
		return 0;
	return start;
}

/* Calls for each process that lives; cell and its root are "" where any will do. */
static int
each(int (*see)(pid_t, const char *, const char *, const void *),
    const void *argument)
{
	unsigned long long start, now;
	char cell[64], home[PATH_MAX], *text;
	struct dirent *entry;
	DIR *dir;
	pid_t pid;
	int sum = 0;

	if ((dir = opendir(below_root("state/processes"))) == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if ((pid = atoi(entry->d_name)) == 0 ||
		    (now = started(pid)) == 0 || (text = content(
		    below_root("state/processes/%d", pid))) == NULL)
			continue;
		cell[0] = home[0] = '\0';
		if (sscanf(text, "%63s %llu %4095[^\n]", cell, &start, home) < 2 ||
		    start == now)
			sum += see(pid, cell, home, argument);
		free(text);
	}
	(void)closedir(dir);
	return sum;
}

struct call {
	const char	*cell;
	int		 signal;
};

static int
see_cell(pid_t pid, const char *cell, const char *home __attribute__((__unused__)),
    const void *argument)
{
	const struct call *call = argument;

	if (call->cell != NULL && *cell != '\0' && strcmp(cell, call->cell) != 0)
		return 0;
	if (call->signal != 0)
		(void)kill(pid, call->signal);
	return 1;
}

int
count_processes(const char *cell, int number)
{
	struct call call = { cell, number };

	return each(see_cell, &call);
}

static int
see_root(pid_t pid __attribute__((__unused__)),
    const char *cell __attribute__((__unused__)), const char *home,
    const void *target)
{
	size_t n = strlen(home);

	return n > 1 && strncmp(target, home, n) == 0 &&
	    strchr("/", ((const char *)target)[n]) != NULL;
}

int
uses(const char *target)
{

	return each(see_root, target) != 0;
}

/* From here on this process counts among those of a cell. */
static void
enter(const char *cell, const char *home)
{
	char line[PATH_MAX + 128];
	int n;

	(void)mkdir(below_root("state/processes"), 0755);
	n = snprintf(line, sizeof(line), "%s %llu %s\n", cell,
	    started(getpid()), home);
	put(below_root("state/processes/%d", getpid()), O_TRUNC, line,
	    (size_t)n);
}

static int
signal_number(const char *name)
{

	if (strcmp(name, "TERM") == 0)
		return SIGTERM;
	if (strcmp(name, "KILL") == 0)
		return SIGKILL;
	fail("unknown signal %s", name);
}

/* Records its words; probes; counts the command among the cell's processes. */
int
stub_cellexec(int argc, char *argv[])
{
	const char *number = NULL, *home = "/";
	char path[2 * PATH_MAX];
	int option, probe = 0, session = 0;

	session = argc > 1 && strcmp(argv[1], "-s") == 0;
	put_words(below_root(session ? "state/argv-service" : "state/argv"),
	    O_TRUNC, argv + 1);
	while ((option = getopt(argc, argv, "+c:e:f:G:g:H:k:l:psu:")) != -1)
		switch (option) {
		case 'c':
			home = optarg;
			break;
		case 'H':
			(void)snprintf(path, sizeof(path), "%s\n", optarg);
			put(below_root(
			    "state/sysctl/security.models.cellpolicy.hash"),
			    O_TRUNC, path, strlen(path));
			return 0;
		case 'k':
			number = optarg;
			break;
		case 'p':
			probe = 1;
			break;
		case '?':
			return 64;
		}
	if (argv[optind] == NULL)
		return 64;
	if (number != NULL) {
		if (access(below_root("state/immortal"), F_OK) == -1)
			(void)count_processes(argv[optind],
			    signal_number(number));
		return 0;
	}
	if (probe)
		return 0;
	enter(argv[optind], home);
	argv += optind + 1;
	if (session) {
		put_words(below_root("state/command"), O_TRUNC, argv);
		(void)setsid();
	}
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	(void)execv(argv[0], argv);
	return errno == ENOENT ? 127 : 126;
}

/* ps -ww -o args= -p pid */
int
stub_ps(int argc, char *argv[])
{
	char path[64], text[64 * 1024];
	ssize_t i, n;
	int fd;

	if (argc != 6 || strcmp(argv[1], "-ww") != 0 ||
	    strcmp(argv[2], "-o") != 0 || strcmp(argv[3], "args=") != 0 ||
	    strcmp(argv[4], "-p") != 0)
		fail("not the ps this stands for");
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", atoi(argv[5]));
	if ((fd = open(path, O_RDONLY)) == -1 ||
	    (n = read(fd, text, sizeof(text))) <= 0)
		return 1;
	for (i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = i + 1 < n ? ' ' : '\n';
	return write(STDOUT_FILENO, text, (size_t)n) == n ? 0 : 1;
}
