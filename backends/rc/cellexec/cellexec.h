/*
 * cellexec(8): enter a cell and run a command in it.
 */

#ifndef CELLEXEC_H
#define CELLEXEC_H

#include <sys/types.h>

#include <limits.h>
#include <stdint.h>

/* Exit statuses; cellexec(8) documents them, env(1) has the last two too. */
enum {
	STATUS_USAGE = 64,	/* wrong use */
	STATUS_NO_CELL = 65,	/* the policy has no such cell */
	STATUS_NO_POLICY = 66,	/* the kernel has no cell policy */
	STATUS_USER = 67,	/* no such user in the cell */
	STATUS_GROUP = 68,	/* no such group in the cell */
	STATUS_ROOT = 69,	/* the cell's root cannot be entered */
	STATUS_LIMIT = 70,	/* a resource limit cannot be set */
	STATUS_IDENTITY = 71,	/* user and groups cannot be taken on */
	STATUS_ENTER = 72,	/* the kernel refuses entry */
	STATUS_SETUP = 73,	/* session, descriptors or environment */
	STATUS_IMAGE = 74,	/* the image cannot be read */
	STATUS_LOAD = 75,	/* the kernel refuses the image */
	STATUS_CONFIRM = 76,	/* the policy in force is another one */
	STATUS_HOST_ROOT = 77,	/* the caller is not root */
	STATUS_SIGNAL = 78,	/* the processes cannot be signalled */
	STATUS_COMMAND = 126,	/* the command cannot be run */
	STATUS_NO_COMMAND = 127	/* there is no such command */
};

/* Who runs the command. */
struct account {
	const char *name;	/* as given, or as /etc/passwd has it */
	const char *home;
	uid_t uid;
	gid_t gid;
	int ngroups;
	gid_t groups[NGROUPS_MAX];
};

/* account.c */
void	account_find(struct account *, const char *, const char *,
	    char *const [], size_t);
void	account_groups_set(const struct account *);
void	account_uid_prepare(const struct account *);
void	account_uid_set(const struct account *);

/* kernel.c */
int	kernel_cell_find(const char *);
void	kernel_cell_enter(int, const char *);
void	kernel_cell_signal(int, const char *, int);
void	kernel_policy_load(const char *, const char *);

/* limits.c */
int	limits_add(const char *);
void	limits_set(void);

/* number.c */
int	number_parse(const char *, uintmax_t, uintmax_t *);

#endif /* !CELLEXEC_H */
