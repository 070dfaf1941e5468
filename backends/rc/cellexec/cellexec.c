/*
 * Enter a cell and run a command in it; load a policy image; signal the
 * processes of a cell.
 *
 * The order of what happens before the command matters:
 *
 *	root, then accounts	they are the cell's own files
 *	limits			the kernel refuses a caller above the ceilings
 *	groups, real uid	while no rule of the cell applies yet
 *	cell			needs root, and nothing leads back
 *	uid			the last privilege goes
 *	descriptors, exec	nothing of the host's is inherited
 */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cellexec.h"

#define PATH	"/sbin:/bin:/usr/sbin:/usr/bin:/usr/pkg/sbin:/usr/pkg/bin"

extern char **environ;

/* What the command line asks for. */
static const char *root, *user = "0", *group, *image, *hash, *signame;
static char **settings;		/* NAME=value of -e, in order */
static size_t nsettings;
static char *groups[NGROUPS_MAX];	/* of -G, in order */
static size_t ngroups;
static int probe, session;
static int entering;		/* an option was given that is for this only */

static void usage(void) __dead;

static void
usage(void)
{

	(void)fprintf(stderr,
	    "usage: cellexec [-ps] [-c root] [-e NAME=value] [-G group]\n"
	    "           [-g group] [-l limit=value] [-u user] cell command [arg ...]\n"
	    "       cellexec -f image [-H hash]\n"
	    "       cellexec -k signal cell\n");
	exit(STATUS_USAGE);
}

static int
signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {
		{ "ALRM", SIGALRM }, { "CONT", SIGCONT }, { "HUP", SIGHUP },
		{ "INT", SIGINT }, { "KILL", SIGKILL }, { "QUIT", SIGQUIT },
		{ "STOP", SIGSTOP }, { "TERM", SIGTERM }, { "USR1", SIGUSR1 },
		{ "USR2", SIGUSR2 }
	};
	uintmax_t number;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	if (number_parse(name, NSIG - 1, &number) == -1 || number == 0)
		errx(STATUS_USAGE, "no signal \"%s\"", name);
	return (int)number;
}

/* Open what is closed of descriptors 0 to 2, so that no file lands there. */
static void
standard_descriptors(void)
{
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			err(STATUS_SETUP, "/dev/null");
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
}

static void
enter_root(void)
{

	if (root == NULL)
		return;
	if (chdir(root) == -1 || chroot(".") == -1)
		err(STATUS_ROOT, "%s", root);
}

/* Leave behind what processes inherit: place, modes, timers, signals, session. */
static void
clean_process(void)
{
	static const int timers[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
	static const struct itimerval never;
	sigset_t none;
	size_t i;
	int sig;

	if (chdir("/") == -1)
		err(STATUS_ROOT, "/");
	(void)umask(022);
	for (i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (setitimer(timers[i], &never, NULL) == -1)
			err(STATUS_SETUP, "setitimer");
	/* Fails for those that cannot be caught, which need no resetting. */
	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		err(STATUS_SETUP, "sigprocmask");
	if (session && setsid() == -1)
		err(STATUS_SETUP, "setsid");
}

static void
clean_environment(const char *home)
{
	static char *empty[] = { NULL };
	size_t i;

	environ = empty;
	if (setenv("PATH", PATH, 1) == -1 || setenv("HOME", home, 1) == -1)
		err(STATUS_SETUP, "environment");
	for (i = 0; i < nsettings; i++)
		if (putenv(settings[i]) != 0)
			err(STATUS_SETUP, "environment");
}

static int
is_runnable(const char *file)
{
	struct stat st;

	if (stat(file, &st) == -1)
		return 0;
	errno = EACCES;
	return S_ISREG(st.st_mode) && access(file, X_OK) == 0;
}

/* End with the status that says whether the command could be run. */
static void __dead
probe_command(const char *command)
{
	char file[PATH_MAX], *dir, *path;
	int denied, n;

	if (strchr(command, '/') != NULL) {
		if (is_runnable(command))
			exit(EXIT_SUCCESS);
		err(errno == ENOENT ? STATUS_NO_COMMAND : STATUS_COMMAND,
		    "%s", command);
	}
	denied = 0;
	path = getenv("PATH");
	while (path != NULL && (dir = strsep(&path, ":")) != NULL) {
		n = snprintf(file, sizeof(file), "%s/%s", dir, command);
		if (n < 0 || (size_t)n >= sizeof(file))
			continue;
		if (is_runnable(file))
			exit(EXIT_SUCCESS);
		denied |= errno == EACCES;
	}
	errx(denied ? STATUS_COMMAND : STATUS_NO_COMMAND,
	    "%s: cannot be run", command);
}

static void __dead
run(const char *cell, char *command[])
{
	static struct account account;
	int id;

	id = kernel_cell_find(cell);
	enter_root();
	account_find(&account, user, group, groups, ngroups);
	clean_process();
	limits_set();
	account_groups_set(&account);
	account_uid_prepare(&account);
	kernel_cell_enter(id, cell);
	account_uid_set(&account);
	clean_environment(account.home);
	if (probe)
		probe_command(command[0]);
	closefrom(STDERR_FILENO + 1);
	execvp(command[0], command);
	err(errno == ENOENT ? STATUS_NO_COMMAND : STATUS_COMMAND, "%s",
	    command[0]);
}

static void
add_group(char *name)
{

	if (ngroups == NGROUPS_MAX)
		errx(STATUS_GROUP, "more than %d groups", NGROUPS_MAX);
	groups[ngroups++] = name;
}

static void
add_setting(char *setting)
{

	if (*setting == '=' || strchr(setting, '=') == NULL)
		errx(STATUS_USAGE, "\"%s\" is not NAME=value", setting);
	settings = realloc(settings, (nsettings + 1) * sizeof(*settings));
	if (settings == NULL)
		err(STATUS_SETUP, NULL);
	settings[nsettings++] = setting;
}

static void
parse_options(int argc, char *argv[])
{
	int ch;

	while ((ch = getopt(argc, argv, "c:e:f:G:g:H:k:l:psu:")) != -1) {
		entering |= strchr("ceGglpsu", ch) != NULL;
		switch (ch) {
		case 'c':
			root = optarg;
			break;
		case 'e':
			add_setting(optarg);
			break;
		case 'f':
			image = optarg;
			break;
		case 'G':
			add_group(optarg);
			break;
		case 'g':
			group = optarg;
			break;
		case 'H':
			hash = optarg;
			break;
		case 'k':
			signame = optarg;
			break;
		case 'l':
			if (limits_add(optarg) == -1)
				errx(STATUS_USAGE, "no limit \"%s\"", optarg);
			break;
		case 'p':
			probe = 1;
			break;
		case 's':
			session = 1;
			break;
		case 'u':
			user = optarg;
			break;
		default:
			usage();
		}
	}
}

int
main(int argc, char *argv[])
{

	standard_descriptors();
	parse_options(argc, argv);
	argc -= optind;
	argv += optind;
	if (geteuid() != 0)
		errx(STATUS_HOST_ROOT, "only root enters cells");

	if ((image != NULL) + (signame != NULL) + entering > 1 ||
	    (hash != NULL && image == NULL))
		usage();
	if (image != NULL && argc == 0)
		kernel_policy_load(image, hash);
	else if (signame != NULL && argc == 1)
		kernel_cell_signal(kernel_cell_find(argv[0]), argv[0],
		    signal_number(signame));
	else if (image == NULL && signame == NULL && argc >= 2)
		run(argv[0], argv + 1);
	else
		usage();
	return EXIT_SUCCESS;
}
