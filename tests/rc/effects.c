/*
 * Counts what a script and the programs that it runs do to the world, and lets
 * one of these effects fail, or kills the script just before it.
 *
 * For LD_PRELOAD.  EFFECTS names a file that holds a struct control, mapped by
 * every process; with tracing on, FILE.trace gets a line for each effect, its
 * label.  To open a file for writing is two: before and after it is there.
 */

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dlfcn.h>

enum how { NOTHING, FAIL, KILL, LATE };

struct control {
	int	left;		/* how many of these until one is disturbed */
	int	how;
	int	script;		/* pid, 0 until it runs */
	int	traced;
	char	label[4080];	/* of an effect */
};

static struct control *control;
static char trace_path[4096];	/* env(1) empties the environment */

static void __attribute__((__constructor__))
map_control(void)
{
	const char *path = getenv("EFFECTS");
	int expected = 0, fd;
	void *map;

	if (path == NULL)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	(void)close(fd);
	if (map == MAP_FAILED)
		abort();
	control = map;
	(void)snprintf(trace_path, sizeof(trace_path), "%s.trace", path);
	(void)__atomic_compare_exchange_n(&control->script, &expected,
	    getpid(), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void
trace(const char *label)
{
	int fd;

	fd = (int)syscall(SYS_openat, AT_FDCWD, trace_path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd == -1 || dprintf(fd, "%s\n", label) < 0)
		abort();
	(void)close(fd);
}

/* Whether the effect must fail; does not return in a process that is killed. */
static int
disturbed(const char *format, ...)
{
	char label[sizeof(control->label)];
	va_list args;
	int saved = errno;

	if (control == NULL ||
	    (control->how == LATE && getpid() == control->script))
		return 0;
	va_start(args, format);
	(void)vsnprintf(label, sizeof(label), format, args);
	va_end(args);
	if (control->traced)
		trace(label);
	errno = saved;
	if (strcmp(label, control->label) != 0 ||
	    __atomic_sub_fetch(&control->left, 1, __ATOMIC_SEQ_CST) != 0)
		return 0;
	switch (control->how) {
	case FAIL:
		errno = EIO;
		return 1;
	case KILL:
		(void)syscall(SYS_kill, control->script, SIGKILL);
		(void)syscall(SYS_kill, getpid(), SIGKILL);
		break;
	case LATE:
		(void)syscall(SYS_kill, control->script, SIGKILL);
		(void)usleep(20 * 1000);
		break;
	}
	errno = saved;
	return 0;
}

#define	REAL(name)	((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

/* Words of a program, in a line; pids among them differ each time. */
static void
words(char *text, size_t size, char *const argv[])
{
	size_t n = 0;

	*text = '\0';
	for (; *argv != NULL && n + 1 < size; argv++)
		n += (size_t)snprintf(text + n, size - n, " [%s]",
		    strlen(*argv) > 2 &&
		    strspn(*argv, "0123456789") == strlen(*argv) ? "N" : *argv);
	while ((text = strchr(text, '\n')) != NULL)
		*text = ' ';
}

/* Programs that change nothing can fail, but nothing is killed before them. */
static int
only_looks(char *const argv[])
{
	static const char *const programs[] = { "cat", "date", "find", "ps",
	    "sleep", "sysctl" };
	const char *name = strrchr(*argv, '/');
	size_t i;

	name = name == NULL ? *argv : name + 1;
	if (strcmp(name, "mount") == 0)
		return argv[1] == NULL;
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(name, programs[i]) == 0)
			return 1;
	return 0;
}

/* Whether another program has to run in the place of one. */
static int
disturbed_run(char *const argv[])
{
	char text[2048];

	if (control == NULL || (control->how != FAIL && only_looks(argv)))
		return 0;
	words(text, sizeof(text), argv);
	return disturbed("run%s", text);
}

static int
run(const char *path, char *const argv[], char *const envp[])
{

	/* Shells try one directory after the other. */
	if (access(path, F_OK) == 0 && disturbed_run(argv))
		path = "/bin/false";
	return REAL(execve)(path, argv, envp);
}

int
execve(const char *path, char *const argv[], char *const envp[])
{

	return run(path, argv, envp);
}

int
execv(const char *path, char *const argv[])
{

	return run(path, argv, environ);
}

int
execvp(const char *file, char *const argv[])
{

	if (disturbed_run(argv))
		file = "/bin/false";
	return REAL(execvp)(file, argv);
}

static int
changes(const char *path, int flags)
{

	return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0 &&
	    strncmp(path, "/dev/", 5) != 0;
}

/* Done opening: when writing must fail, the file cannot be written to. */
static int
opened(int fd, int at, const char *path)
{
	int other;

	if (fd == -1 || !disturbed("opened %s", path))
		return fd;
	other = (int)syscall(SYS_openat, at, path, O_RDONLY);
	if (other == -1)
		abort();
	(void)syscall(SYS_dup3, other, fd, 0);
	(void)close(other);
	return fd;
}

static int
open_at(int at, const char *path, int flags, mode_t mode)
{

	if (!changes(path, flags))
		return (int)syscall(SYS_openat, at, path, flags, mode);
	if (disturbed("open %s", path))
		return -1;
	return opened((int)syscall(SYS_openat, at, path, flags, mode), at,
	    path);
}

#define	OPEN(name)							\
	int								\
	name(const char *path, int flags, ...)				\
	{								\
		va_list args;						\
		mode_t mode;						\
									\
		va_start(args, flags);					\
		mode = va_arg(args, mode_t);				\
		va_end(args);						\
		return open_at(AT_FDCWD, path, flags, mode);		\
	}
#define	OPENAT(name)							\
	int								\
	name(int at, const char *path, int flags, ...)			\
	{								\
		va_list args;						\
		mode_t mode;						\
									\
		va_start(args, flags);					\
		mode = va_arg(args, mode_t);				\
		va_end(args);						\
		return open_at(at, path, flags, mode);			\
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int
creat(const char *path, mode_t mode)
{

	return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* mkdir(1) -p makes directories that are there already. */
int
mkdir(const char *path, mode_t mode)
{

	if (access(path, F_OK) == -1 && disturbed("mkdir %s", path))
		return -1;
	return REAL(mkdir)(path, mode);
}

/* Functions with one path to tell in the label. */
#define	WRAP(name, parameters, arguments, path)				\
	int								\
	name parameters							\
	{								\
									\
		return disturbed(#name " %s", path) ? -1 :		\
		    REAL(name) arguments;				\
	}

WRAP(unlink, (const char *path), (path), path)
WRAP(unlinkat, (int at, const char *path, int flags), (at, path, flags), path)
WRAP(rmdir, (const char *path), (path), path)
WRAP(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), path)
WRAP(mkfifo, (const char *path, mode_t mode), (path, mode), path)
WRAP(mkfifoat, (int at, const char *path, mode_t mode), (at, path, mode), path)
WRAP(chmod, (const char *path, mode_t mode), (path, mode), path)
WRAP(fchmodat, (int at, const char *path, mode_t mode, int flags),
    (at, path, mode, flags), path)
WRAP(rename, (const char *from, const char *to), (from, to), to)
WRAP(renameat, (int at, const char *from, int there, const char *to),
    (at, from, there, to), to)
WRAP(renameat2, (int at, const char *from, int there, const char *to,
    unsigned flags), (at, from, there, to, flags), to)
WRAP(link, (const char *from, const char *to), (from, to), to)
WRAP(symlink, (const char *from, const char *to), (from, to), to)

/* Shells send themselves other signals, and wait for ever when these fail. */
int
kill(pid_t pid, int number)
{

	if ((number == SIGTERM || number == SIGKILL) &&
	    disturbed("kill %s", number == SIGTERM ? "TERM" : "KILL"))
		return -1;
	return REAL(kill)(pid, number);
}
