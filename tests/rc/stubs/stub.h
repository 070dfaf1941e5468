/* What stands for NetBSD's programs on a host in a directory: one program, many names. */

#include <sys/types.h>

#include <limits.h>
#include <stddef.h>

typedef int stub_main(int, char *[]);

/* Where the host's directory is: stubs lie in its folder "stubs". */
extern char root[PATH_MAX];

/* Returns a static buffer with the name of something below the host's directory. */
const char	*below_root(const char *, ...)
		    __attribute__((__format__(__printf__, 1, 2)));
/* Returns the content of a file as a string, or NULL. */
char		*content(const char *);
/* Writes or appends in one piece; exits when that fails. */
void		put(const char *, int, const void *, size_t);
/* Writes words that may hold anything, with a NUL after each. */
void		put_words(const char *, int, char *[]);
/* Says what is wrong and exits with status 1. */
void		fail(const char *, ...)
		    __attribute__((__noreturn__, __format__(__printf__, 1, 2)));

/* How many processes live in a cell, or NULL for any; each gets a signal, or 0. */
int		count_processes(const char *, int);
/* Whether a process that lives has this root, or one below. */
int		uses(const char *);

stub_main	stub_cellexec, stub_flock, stub_launch, stub_logger,
		stub_modload, stub_modunload, stub_mount, stub_mount_fs,
		stub_mount_null, stub_pax, stub_ps, stub_sleep, stub_sysctl,
		stub_umount, stub_veriexecctl;
