/*
 * TEST STUB: runs the engine by commands on standard input, one a line, and
 * answers each with one line (`log' with a count, then so many lines).
 *
 * Processes are numbers, with `.1' for the second thread of one; process 0 is
 * root of the host.
 */

#include "cellpolicy_engine.h"
#include "driver.h"

#define	TEXT	(1024 * 1024)

const char *driver_words[DRIVER_WORDS];
unsigned int driver_nwords;

long
driver_number(unsigned int i)
{

	return i < driver_nwords ? host_number(driver_words[i]) : 0;
}

bool
driver_is(unsigned int i, const char *word)
{

	return i < driver_nwords && strcmp(driver_words[i], word) == 0;
}

struct shim_process *
driver_process(unsigned int i)
{

	SHIM_ASSERT(driver_number(i) >= 0 && driver_number(i) < SHIM_PROCS);
	SHIM_ASSERT(shim_processes[driver_number(i)].used);
	return &shim_processes[driver_number(i)];
}

/* Makes the thread that a word names the current one. */
struct shim_process *
driver_become(unsigned int i)
{
	struct shim_process *s;
	const char *dot;

	s = driver_process(i);
	for (dot = driver_words[i]; *dot != '\0' && *dot != '.'; dot++)
		continue;
	shim_curlwp = &s->l[*dot == '.'];
	if (curlwp->l_cred != s->p.p_cred) {	/* LWP_CACHE_CREDS */
		proc_crmod_enter();
		proc_crmod_leave(NULL, NULL, false);
	}
	return s;
}

static void
command_get(void)
{
	static char text[TEXT];
	size_t size;
	int error;

	driver_become(1);
	size = driver_nwords > 3 ? (size_t)driver_number(3) : sizeof(text);
	memset(text, 0, 64);
	error = shim_sysctl(driver_words[2], size > 0 ? text : NULL, &size, NULL, 0);
	host_print("%d %d ", error, (int)size);
	if (error == 0 && driver_nwords == 3) {
		if (size == sizeof(int) && !driver_is(2, "mode"))
			host_print("%d", *(int *)(void *)text);
		else if (driver_is(2, "generation"))
			host_print("%d", (int)*(uint64_t *)(void *)text);
		else
			for (char *c = text; *c != '\0'; c++)
				host_print("%c", *c == '\n' ? '|' : *c);
	}
	host_print("\n");
}

/* set PROCESS NODE NUMBER...: writes them as ints */
static void
command_set(void)
{
	int32_t numbers[DRIVER_WORDS];
	unsigned int i;

	driver_become(1);
	for (i = 3; i < driver_nwords; i++)
		numbers[i - 3] = (int32_t)driver_number(i);
	host_print("%d\n", shim_sysctl(driver_words[2], NULL, NULL, numbers,
	    (driver_nwords - 3) * sizeof(*numbers)));
}

static void
command_load(void)
{
	size_t size;
	void *image;
	int error;

	driver_become(1);
	image = host_file(driver_words[2], &size);
	error = shim_sysctl("load", NULL, NULL, image, size);
	host_free(image);
	host_print("%d\n", error);
}

static void
command_log(void)
{
	unsigned int i, n;

	shim_drain();
	n = shim_log_lines();
	host_print("%u\n", n);
	for (i = 0; i < n; i++)
		host_print("%s", shim_log_line(i));
}

static void
module(modcmd_t cmd)
{

	shim_curlwp = &shim_processes[0].l[0];
	shim_fail = driver_nwords > 1 ? (int)driver_number(1) : -1;
	/* Of the others some start before there is what this one needs. */
	SHIM_ASSERT(shim_module.mi_class == MODULE_CLASS_MISC &&
	    shim_module.mi_required == NULL);
	host_print("%d\n", shim_module.mi_modcmd(cmd, NULL));
	shim_fail = -1;
}

static void
command_init(void)
{

	module(MODULE_CMD_INIT);
}

static void
command_fini(void)
{

	module(MODULE_CMD_FINI);
}

static void
command_stat(void)
{

	module(MODULE_CMD_STAT);
}

static void
command_autounload(void)
{

	module(MODULE_CMD_AUTOUNLOAD);
}

/* proc NUMBER EUID */
static void
command_proc(void)
{

	shim_process_make(&shim_processes[driver_number(1)],
	    (pid_t)driver_number(1), NULL);
	driver_become(1);
	shim_setuid((uid_t)driver_number(2));
	host_print("0\n");
}

static void
command_exit(void)
{

	shim_process_end(driver_process(1));
	host_print("0\n");
}

static void
command_setuid(void)
{

	driver_become(1);
	shim_setuid((uid_t)driver_number(2));
	host_print("0\n");
}

/* copy BY FROM: the cell of a credential that one makes from another's. */
static void
command_copy(void)
{
	kauth_cred_t made;

	driver_become(1);
	made = kauth_cred_alloc();
	kauth_cred_clone(driver_process(2)->p.p_cred, made);
	host_print("%u\n", cellpolicy_id(made));
	kauth_cred_free(made);
}

static void
command_nlwps(void)
{

	driver_process(1)->p.p_nlwps = (int)driver_number(2);
	host_print("0\n");
}

/* The cell of a process by its credential, and by its own data. */
static void
command_ids(void)
{

	driver_become(1);
	host_print("%u %u\n", cellpolicy_id(curlwp->l_cred),
	    cellpolicy_id_of_process(&driver_process(1)->p));
}

static void
command_time(void)
{

	shim_uptime += driver_number(1);
	host_print("0\n");
}

/* What the module has not given back. */
static void
command_leftovers(void)
{

	host_print("%u\n", shim_held + shim_nodes());
}

static const struct {
	const char	*name;
	void		(*run)(void);
} commands[] = {
	{ "ask",	driver_ask },
	{ "autounload",	command_autounload },
	{ "copy",	command_copy },
	{ "exit",	command_exit },
	{ "fini",	command_fini },
	{ "fork",	driver_fork },
	{ "get",	command_get },
	{ "ids",	command_ids },
	{ "init",	command_init },
	{ "leftovers",	command_leftovers },
	{ "load",	command_load },
	{ "log",	command_log },
	{ "nlwps",	command_nlwps },
	{ "proc",	command_proc },
	{ "raw",	driver_raw },
	{ "rlimit",	driver_rlimit },
	{ "set",	command_set },
	{ "setuid",	command_setuid },
	{ "stat",	command_stat },
	{ "storm",	driver_storm },
	{ "stress",	driver_stress },
	{ "time",	command_time },
};

static void
command(void)
{
	unsigned int i;

	for (i = 0; i < __arraycount(commands); i++)
		if (driver_is(0, commands[i].name)) {
			commands[i].run();
			return;
		}
	host_abort(driver_words[0], __LINE__);
}

int	main(void);

int
main(void)
{
	char *line;

	shim_boot();
	while ((line = host_line()) != NULL) {
		for (driver_nwords = 0; driver_nwords < DRIVER_WORDS; driver_nwords++) {
			while (*line == ' ')
				*line++ = '\0';
			if (*line == '\n' || *line == '\0')
				break;
			driver_words[driver_nwords] = line;
			while (*line != ' ' && *line != '\n' && *line != '\0')
				line++;
		}
		*line = '\0';
		if (driver_nwords > 0)
			command();
	}
	return 0;
}
