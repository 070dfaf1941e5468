/* Programs that wait.  What the scripts wait for wakes them early. */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "stub.h"

static void
wait_for(double seconds)
{
	struct timespec time;

	time.tv_sec = (time_t)seconds;
	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	(void)nanosleep(&time, NULL);
}

/* Whether nobody holds a lock: the supervisor of a cell is gone. */
static unsigned
is_free(const char *path)
{
	unsigned free = 1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return 1;
	if (flock(fd, LOCK_SH | LOCK_NB) == -1)
		free = 0;
	(void)close(fd);
	return free;
}

/* A number that changes with what scripts look at between two tries. */
static unsigned
situation(void)
{
	static const char *const files[] = { "pid", "service", "up" };
	struct dirent *entry;
	unsigned sum = (unsigned)count_processes(NULL, 0);
	size_t i;
	DIR *dir;

	if ((dir = opendir(below_root("var/run/cellpolicy"))) == NULL)
		return sum;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			sum = 3 * sum + (access(below_root(
			    "var/run/cellpolicy/%s/%s", entry->d_name,
			    files[i]), F_OK) == 0);
		sum = 3 * sum + is_free(below_root(
		    "var/run/cellpolicy/%s/supervisor", entry->d_name));
	}
	(void)closedir(dir);
	return sum;
}

/* Whether numbers have a point: sleep(1) of NetBSD reads them as the locale has them. */
static int
has_point(void)
{
	static const char *const names[] = { "LC_ALL", "LC_NUMERIC", "LANG" };
	const char *locale;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((locale = getenv(names[i])) != NULL && *locale != '\0')
			return strcmp(locale, "C") == 0;
	return 1;
}

/*
 * A pause between two tries ends when something happened; with state/hopeless
 * nothing will, and it ends at once.  Other time passes fifty times as fast.
 */
int
stub_sleep(int argc, char *argv[])
{
	double left, seconds = argc == 2 ? atof(argv[1]) : 0.0;
	unsigned before;

	if (argc != 2 || (strchr(argv[1], '.') != NULL && !has_point()))
		fail("usage: sleep seconds");
	if (strcmp(argv[1], "0.1") != 0 && strcmp(argv[1], "0.2") != 0) {
		wait_for(seconds / 50);
		return 0;
	}
	if (access(below_root("state/hopeless"), F_OK) == 0)
		return 0;
	before = situation();
	for (left = seconds; left > 0 && situation() == before; left -= 0.002)
		wait_for(0.002);
	return 0;
}

static void
expire(int number __attribute__((__unused__)))
{
}

/* flock [-n] [-s] [-w seconds] descriptor; with state/hopeless nobody waits. */
int
stub_flock(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = expire };
	struct itimerval timer = { .it_interval = { 0, 1000 } };
	int option, how = LOCK_EX, flags = 0;

	while ((option = getopt(argc, argv, "nsw:")) != -1)
		switch (option) {
		case 'n':
			flags = LOCK_NB;
			break;
		case 's':
			how = LOCK_SH;
			break;
		case 'w':
			timer.it_value.tv_sec = atoi(optarg);
			break;
		default:
			return 64;
		}
	if (argc != optind + 1)
		return 64;
	if (access(below_root("state/hopeless"), F_OK) == 0)
		flags = LOCK_NB;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	if (flock(atoi(argv[optind]), how | flags) == 0)
		return 0;
	if (errno != EWOULDBLOCK && errno != EINTR)
		err(65, "%s", argv[optind]);
	return 1;
}
