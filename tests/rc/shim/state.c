/* Prints the state of its process: run inside a cell's root, so built static. */

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

extern char **environ;

/* How many signals are not as at the start of a system, and timers that run. */
static void
print_signals(void)
{
	struct sigaction action;
	struct itimerval timer;
	sigset_t blocked;
	int changed, sig;

	changed = 0;
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (sig = 1; sig < 32; sig++) {
		if (sigaction(sig, NULL, &action) == 0 &&
		    action.sa_handler != SIG_DFL)
			changed++;
		changed += sigismember(&blocked, sig);
	}
	(void)getitimer(ITIMER_REAL, &timer);
	changed += timer.it_value.tv_sec != 0;
	printf("signals %d\n", changed);
}

/* What can be done with a file: exec, write (which makes it), device. */
static void
print_powers(const char *path)
{
	struct stat st;
	int fd;

	if (access(path, X_OK) == 0)
		printf(" exec");
	if (stat(path, &st) == 0 && S_ISCHR(st.st_mode))
		printf(" device");
	if ((fd = open(path, O_WRONLY | O_CREAT, 0644)) != -1) {
		printf(" write");
		(void)close(fd);
	}
}

int
main(int argc, char *argv[])
{
	struct rlimit nofile, core;
	gid_t groups[64];
	uid_t ruid, euid, suid;
	char cwd[4096];
	int fd, i, n;

	(void)getresuid(&ruid, &euid, &suid);
	printf("uid %u %u %u\ngid %u %u\ngroups", ruid, euid, suid, getgid(),
	    getegid());
	n = getgroups(64, groups);
	for (i = 0; i < n; i++)
		printf(" %u", groups[i]);
	printf("\nfds");
	for (fd = 0; fd < 200; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			printf(" %d", fd);
	printf("\numask %03o\ncwd %s\nmarker %d\n", umask(0),
	    getcwd(cwd, sizeof(cwd)), access("/marker", F_OK));
	printf("session %d\n", getsid(0) == getpid());
	print_signals();
	(void)getrlimit(RLIMIT_NOFILE, &nofile);
	(void)getrlimit(RLIMIT_CORE, &core);
	printf("nofile %ju %ju core %ju\n", (uintmax_t)nofile.rlim_cur,
	    (uintmax_t)nofile.rlim_max, (uintmax_t)core.rlim_max);
	for (i = 0; environ[i] != NULL; i++)
		printf("env %s\n", environ[i]);
	for (i = 1; i < argc; i++) {
		printf("arg %s", argv[i]);
		if (argv[i][0] == '/')
			print_powers(argv[i]);
		printf("\n");
	}
	return 0;
}
