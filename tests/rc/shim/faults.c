/*
 * Lets functions fail that cellexec(8) calls.  The environment variable
 * SHIM_FAULT is "name result call": from which call on (1 is the first) the
 * function of that name does nothing and has that result; with -1 it sets
 * EPERM, and for pointers any result is NULL.
 */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char name[32];
static int result, calls;

static void __attribute__((__constructor__))
shim_faults(void)
{
	const char *fault = getenv("SHIM_FAULT");

	if (fault != NULL &&
	    sscanf(fault, "%31s %d %d", name, &result, &calls) != 3)
		abort();
}

static int
shim_fails(const char *function)
{

	if (strcmp(function, name) != 0 || --calls > 0)
		return 0;
	errno = EPERM;
	return 1;
}

#define	WRAP(type, function, parameters, arguments, failed)		\
	type	__real_##function parameters;				\
	type	__wrap_##function parameters;				\
	type	__wrap_##function parameters				\
	{								\
		return shim_fails(#function) ? failed :			\
		    __real_##function arguments;			\
	}

WRAP(int, fstat, (int fd, struct stat *st), (fd, st), result)
WRAP(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), result)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
WRAP(int, chdir, (const char *path), (path), result)
WRAP(pid_t, setsid, (void), (), result)
WRAP(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old),
    (how, set, old), result)
WRAP(int, setitimer, (int which, const struct itimerval *new,
    struct itimerval *old), (which, new, old), result)
WRAP(int, setgroups, (size_t n, const gid_t *groups), (n, groups), result)
WRAP(int, setgid, (gid_t gid), (gid), result)
WRAP(int, setreuid, (uid_t ruid, uid_t euid), (ruid, euid), result)
WRAP(int, setuid, (uid_t uid), (uid), result)
WRAP(int, setenv, (const char *key, const char *value, int over),
    (key, value, over), result)
WRAP(int, putenv, (char *setting), (setting), result)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(void *, realloc, (void *p, size_t size), (p, size), NULL)

int	__real_open(const char *, int, ...);
int	__wrap_open(const char *, int, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	va_list mode;
	int fd;

	va_start(mode, flags);
	fd = shim_fails("open") ? result :
	    __real_open(path, flags, va_arg(mode, int));
	va_end(mode);
	return fd;
}
