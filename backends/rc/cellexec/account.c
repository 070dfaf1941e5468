/*
 * Users and groups of a cell, read from the passwd(5) and group(5) files
 * below its root.
 *
 * The files belong to the cell, so they are not trusted: getpwnam(3) would
 * have host root walk a database that the cell may have written, and may
 * load modules of nsswitch.conf(5) from the cell's root.  Plain lines are
 * enough here and hold no surprises.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cellexec.h"

#define PASSWD		"/etc/passwd"
#define GROUP		"/etc/group"
#define TABLE_SIZE_MAX	(4 * 1024 * 1024)
#define ID_MAX		INT32_MAX	/* UID_MAX and GID_MAX of NetBSD */
#define FIELDS_MAX	7

enum { PW_NAME, PW_PASSWORD, PW_UID, PW_GID, PW_GECOS, PW_HOME, PW_FIELDS };
enum { GR_NAME, GR_PASSWORD, GR_GID, GR_MEMBERS, GR_FIELDS };

/*
 * Open a table, or return NULL when the cell has none.  A cell may put
 * anything in its place: no pipe shall block us, no huge file fill memory.
 */
static FILE *
table_open(const char *path, int status)
{
	struct stat st;
	FILE *table;
	int fd;

	if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) == -1) {
		if (errno == ENOENT)
			return NULL;
		err(status, "%s", path);
	}
	if (fstat(fd, &st) == -1)
		err(status, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > TABLE_SIZE_MAX)
		errx(status, "%s: not a file of a sensible size", path);
	if ((table = fdopen(fd, "r")) == NULL)
		err(status, "%s", path);
	return table;
}

/*
 * Split the next line that has at least want fields.  The fields live until
 * the next call.  Returns 0 at the end of the table.
 */
static int
table_next(FILE *table, int want, char *fields[FIELDS_MAX])
{
	static char *line;
	static size_t size;
	char *rest;
	int n;

	while (getline(&line, &size, table) != -1) {
		line[strcspn(line, "\n")] = '\0';
		rest = line;
		for (n = 0; n < FIELDS_MAX && rest != NULL; n++)
			fields[n] = strsep(&rest, ":");
		if (n >= want)
			return 1;
	}
	return 0;
}

/*
 * The number in an id field; a field that is no id ends the program, since
 * guessing would run the command as somebody else.
 */
static uintmax_t
table_id(const char *text, const char *path, int status)
{
	uintmax_t id;

	if (number_parse(text, ID_MAX, &id) == -1)
		errx(status, "%s: \"%s\" is no id", path, text);
	return id;
}

static int
is_id(const char *text, uintmax_t id)
{
	uintmax_t value;

	return number_parse(text, ID_MAX, &value) == 0 && value == id;
}

static const char *
copy(const char *text)
{
	char *copied;

	if ((copied = strdup(text)) == NULL)
		err(STATUS_SETUP, NULL);
	return copied;
}

/*
 * Fill in uid, gid, name and home of a user given by name or number.  A
 * number needs no entry.  Returns 0 when the gid is not known.
 */
static int
user_find(struct account *account, const char *user)
{
	char *fields[FIELDS_MAX];
	uintmax_t number;
	FILE *table;
	int found, numeric;

	numeric = number_parse(user, ID_MAX, &number) == 0;
	found = 0;
	if ((table = table_open(PASSWD, STATUS_USER)) != NULL) {
		while (!found && table_next(table, PW_FIELDS, fields))
			found = numeric ? is_id(fields[PW_UID], number) :
			    strcmp(fields[PW_NAME], user) == 0;
		(void)fclose(table);
	}
	if (!found && !numeric)
		errx(STATUS_USER, "no user \"%s\" in the cell's %s", user,
		    PASSWD);
	account->name = found ? copy(fields[PW_NAME]) : user;
	account->home = found ? copy(fields[PW_HOME]) : "/";
	account->uid = (uid_t)(found ?
	    table_id(fields[PW_UID], PASSWD, STATUS_USER) : number);
	if (found)
		account->gid = (gid_t)table_id(fields[PW_GID], PASSWD,
		    STATUS_GROUP);
	else if (account->uid == 0)
		account->gid = 0;
	return found || account->uid == 0;
}

static gid_t
group_find(const char *group)
{
	char *fields[FIELDS_MAX];
	uintmax_t number;
	FILE *table;
	int found;

	if (number_parse(group, ID_MAX, &number) == 0)
		return (gid_t)number;
	found = 0;
	if ((table = table_open(GROUP, STATUS_GROUP)) != NULL) {
		while (!found && table_next(table, GR_GID + 1, fields))
			found = strcmp(fields[GR_NAME], group) == 0;
		(void)fclose(table);
	}
	if (!found)
		errx(STATUS_GROUP, "no group \"%s\" in the cell's %s", group,
		    GROUP);
	return (gid_t)table_id(fields[GR_GID], GROUP, STATUS_GROUP);
}

/* Add a supplementary group, once. */
static void
group_add(struct account *account, gid_t gid)
{
	int i;

	for (i = 0; i < account->ngroups; i++)
		if (account->groups[i] == gid)
			return;
	if (account->ngroups == NGROUPS_MAX)
		errx(STATUS_GROUP, "more than %d groups", NGROUPS_MAX);
	account->groups[account->ngroups++] = gid;
}

static int
is_member(char *members, const char *name)
{
	char *member;

	while ((member = strsep(&members, ",")) != NULL)
		if (strcmp(member, name) == 0)
			return 1;
	return 0;
}

/* Collect the groups that list the user, as initgroups(3) does. */
static void
groups_find(struct account *account)
{
	char *fields[FIELDS_MAX];
	FILE *table;

	if ((table = table_open(GROUP, STATUS_GROUP)) == NULL)
		return;
	while (table_next(table, GR_FIELDS, fields)) {
		if (!is_member(fields[GR_MEMBERS], account->name))
			continue;
		group_add(account, (gid_t)table_id(fields[GR_GID], GROUP,
		    STATUS_GROUP));
	}
	(void)fclose(table);
}

/*
 * Look up user, group (NULL: the user's own) and supplementary groups (none:
 * those that list the user); ends the program if it cannot.
 */
void
account_find(struct account *account, const char *user, const char *group,
    char *const others[], size_t nothers)
{
	size_t i;
	int known;

	known = user_find(account, user);
	if (group != NULL)
		account->gid = group_find(group);
	else if (!known)
		errx(STATUS_GROUP, "user %s is not in the cell's %s: name a "
		    "group", user, PASSWD);
	account->groups[0] = account->gid;
	account->ngroups = 1;
	for (i = 0; i < nothers; i++)
		group_add(account, group_find(others[i]));
	if (nothers == 0)
		groups_find(account);
}

void
account_groups_set(const struct account *account)
{

	if (setgroups(account->ngroups, account->groups) == -1)
		err(STATUS_IDENTITY, "setgroups");
	if (setgid(account->gid) == -1)
		err(STATUS_IDENTITY, "setgid");
}

/*
 * Make the uid the real one and stay root: then the setuid(2) after entry
 * is a change among ids the process has, which asks no kauth(9) listener,
 * so that a cell may be denied process.setid and still run as its user.
 */
void
account_uid_prepare(const struct account *account)
{

	if (setreuid(account->uid, (uid_t)-1) == -1)
		err(STATUS_IDENTITY, "setreuid");
}

void
account_uid_set(const struct account *account)
{

	if (setuid(account->uid) == -1)
		err(STATUS_IDENTITY, "setuid");
	if (getuid() != account->uid || geteuid() != account->uid ||
	    getgid() != account->gid || getegid() != account->gid)
		errx(STATUS_IDENTITY, "did not become user %s", account->name);
}
