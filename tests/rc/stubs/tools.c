/* Programs that only do something with files and processes of the host. */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub.h"

/* Runs a script as rc(8) does, with a descriptor open; notes its pid. */
int
stub_launch(int argc __attribute__((__unused__)), char *argv[])
{
	char pid[16];
	int fd;

	(void)snprintf(pid, sizeof(pid), "%d\n", getpid());
	put(below_root("state/script"), O_TRUNC, pid, strlen(pid));
	fd = open(below_root("state/inherited"), O_WRONLY | O_CREAT, 0644);
	if (fd == -1 || dup2(fd, 7) == -1)
		err(1, "state/inherited");
	if (fd != 7)
		(void)close(fd);
	(void)execv(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}

/* Keeps what it reads, with the priority and tag it was given. */
int
stub_logger(int argc, char *argv[])
{
	char line[4096], *text;
	size_t size = 0;
	int n;

	if (argc != 5 || strcmp(argv[1], "-p") != 0 ||
	    strcmp(argv[3], "-t") != 0 || strchr(argv[2], '.') == NULL)
		return 1;
	put_words(below_root("state/logger-%s", strchr(argv[2], '.') + 1),
	    O_TRUNC, argv + 1);
	text = NULL;
	while (getline(&text, &size, stdin) != -1) {
		text[strcspn(text, "\n")] = '\0';
		n = snprintf(line, sizeof(line), "%s %s: %s\n", argv[2],
		    argv[4], text);
		put(below_root("state/syslog"), O_APPEND, line, (size_t)n);
	}
	return 0;
}

static void
copy_here(char *target)
{
	char program[] = "cp", option[] = "-a", from[] = ".";
	char *words[] = { program, option, from, target, NULL };
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		(void)execvp(program, words);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0)
		fail("cannot copy to %s", target);
}

/* Copies the operands, but device nodes only by name. */
int
stub_pax(int argc, char *argv[])
{
	char path[2 * PATH_MAX];
	int i;

	if (argc < 5 || strcmp(argv[1], "-rw") != 0 ||
	    strcmp(argv[2], "-pe") != 0)
		fail("not the pax this stands for");
	for (i = 3; i < argc - 1; i++) {
		if (strcmp(argv[i], ".") == 0) {
			copy_here(argv[argc - 1]);
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s/%s", argv[argc - 1],
		    argv[i]);
		put(path, O_TRUNC, "", 0);
	}
	return 0;
}
