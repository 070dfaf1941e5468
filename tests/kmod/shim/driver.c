/*
 * TEST STUB: runs the engine by commands on standard input, one a line, and
 * answers each with one line (`log' with a count, then so many lines).
 *
 * Processes are numbers, with `.1' for the second thread of one; process 0 is
 * root of the host.
 */

#include "cellpolicy_engine.h"
#include "shim.h"

#define	WORDS	16
#define	TEXT	(1024 * 1024)

static const char *words[WORDS];
static unsigned int nwords;

static long
number(unsigned int i)
{

	return i < nwords ? host_number(words[i]) : 0;
}

static bool
is(unsigned int i, const char *word)
{

	return i < nwords && strcmp(words[i], word) == 0;
}

static struct shim_process *
process(unsigned int i)
{

	SHIM_ASSERT(number(i) >= 0 && number(i) < SHIM_PROCS);
	SHIM_ASSERT(shim_processes[number(i)].used);
	return &shim_processes[number(i)];
}

/* Makes the thread that a word names the current one. */
static struct shim_process *
become(unsigned int i)
{
	struct shim_process *s;
	const char *dot;

	s = process(i);
	for (dot = words[i]; *dot != '\0' && *dot != '.'; dot++)
		continue;
	shim_curlwp = &s->l[*dot == '.'];
	if (curlwp->l_cred != s->p.p_cred) {	/* LWP_CACHE_CREDS */
		proc_crmod_enter();
		proc_crmod_leave(NULL, NULL, false);
	}
	return s;
}

static const char *
result_name(int result)
{

	switch (result) {
	case KAUTH_RESULT_ALLOW:
		return "allow";
	case KAUTH_RESULT_DENY:
		return "deny";
	case KAUTH_RESULT_DEFER:
		return "defer";
	}
	return "?";
}

/* Locks that callers of process requests may hold; taking one asserts. */
static void
hold_locks(struct proc *p, int owned)
{

#if SHIM_RELEASE >= 1000
	proc_lock.owned = owned;
#else
	proc_lock->owned = owned;
#endif
	if (p != NULL)
		p->p_lock->owned = owned;
}

struct request {
	const char	*scope;
	kauth_action_t	action;
	void		*arg[4];
};

/*
 * Asks the listener as the current thread, in the context that real callers
 * have.
 */
static int
ask(const struct request *r)
{
	struct proc *p;
	bool process_scope, fork;
	int result;

	process_scope = strcmp(r->scope, KAUTH_SCOPE_PROCESS) == 0;
	fork = process_scope && r->action == KAUTH_PROCESS_FORK;
	p = process_scope && !fork ? r->arg[0] : NULL;
	shim_no_sleep = !fork;
	if (process_scope && !fork)
		hold_locks(p, 1);
	result = shim_ask(r->scope, curlwp->l_cred, r->action, r->arg[0],
	    r->arg[1], r->arg[2], r->arg[3]);
	if (process_scope && !fork)
		hold_locks(p, 0);
	shim_no_sleep = false;
	return result;
}

/* The rule that decides, which the engine itself looks up at denials only. */
static uint32_t
rule_of(const struct request *r)
{
	struct cellpolicy_question q;

	switch (r->scope[strlen("org.netbsd.kauth.")]) {
	case 'g':
		cellpolicy_ask_generic(&q, r->action);
		break;
	case 's':
		cellpolicy_ask_system(&q, r->action, r->arg[0]);
		break;
	case 'p':
		cellpolicy_ask_process(&q, r->action, r->arg[0], r->arg[1],
		    r->arg[2]);
		break;
	case 'n':
		cellpolicy_ask_network(&q, r->action, r->arg[0], r->arg[1],
		    r->arg[2], r->arg[3]);
		break;
	case 'm':
		cellpolicy_ask_machdep(&q, r->action);
		break;
	case 'd':
		cellpolicy_ask_device(&q, r->action, r->arg[0]);
		break;
	default:
		cellpolicy_ask_vnode(&q, r->action);
		break;
	}
	q.subject = cellpolicy_id(curlwp->l_cred);
	q.root = q.subject == 0 && curlwp->l_cred->euid == 0;
	return cellpolicy_explain(cellpolicy_tables(), &q);
}

static void
answer(const struct request *r)
{
	int result;

	result = ask(r);
	host_print("%s %u\n", result_name(result), rule_of(r));
}

/*
 * A socket, and the address of a bind request: `explicit' as bind(2) makes
 * it, `candidate' as the search for a port does, `null' for none.
 */
static void
bind_arguments(struct request *r, const char *form, int family, int protocol,
    int port)
{
	static struct domain domain;
	static struct protosw protosw;
	static struct socket socket;
	static struct sockaddr_in6 address;
	bool explicit;

	explicit = strcmp(form, "explicit") == 0;
	domain.dom_family = family;
	protosw.pr_domain = &domain;
	protosw.pr_protocol = (short)protocol;
	socket.so_proto = &protosw;
	memset(&address, 0xbd, sizeof(address));
	if (explicit) {
		address.sin6_family = (sa_family_t)family;
		address.sin6_len = family == AF_INET ?
		    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	}
	address.sin6_port = explicit ? htons((uint16_t)port) : (uint16_t)port;
	r->arg[1] = strcmp(form, "nosocket") == 0 ? NULL : &socket;
	r->arg[2] = strcmp(form, "null") == 0 ? NULL : &address;
}

/* ask PROCESS COLUMN [target N] [bind FORM FAMILY PROTOCOL PORT] [socket D T P] */
static void
command_ask(void)
{
	const struct shim_leaf *leaf;
	struct request r;

	become(1);
	leaf = &shim_leaves[number(2)];
	memset(&r, 0, sizeof(r));
	r.scope = leaf->scope;
	r.action = leaf->action;
	r.arg[0] = (void *)leaf->request;
	if (strcmp(r.scope, KAUTH_SCOPE_PROCESS) == 0) {
		r.arg[0] = is(3, "target") ? &process(4)->p : curproc;
		r.arg[r.action == KAUTH_PROCESS_PROCFS ? 2 : 1] =
		    (void *)leaf->request;
	} else if (is(3, "bind"))
		bind_arguments(&r, words[4], (int)number(5), (int)number(6),
		    (int)number(7));
	else if (is(3, "socket")) {
		r.arg[1] = (void *)number(4);
		r.arg[2] = (void *)number(5);
		r.arg[3] = (void *)number(6);
	}
	answer(&r);
}

/* raw PROCESS SCOPE ACTION ARG0 ARG1 ARG2 ARG3, all numbers but the scope */
static void
command_raw(void)
{
	struct request r;
	char scope[64];
	unsigned int i;

	become(1);
	snprintf(scope, sizeof(scope), "org.netbsd.kauth.%s", words[2]);
	r.scope = scope;
	r.action = (kauth_action_t)number(3);
	for (i = 0; i < 4; i++)
		r.arg[i] = (void *)number(4 + i);
	answer(&r);
}

/* rlimit PROCESS TARGET WHICH CUR MAX [apply] */
static void
command_rlimit(void)
{
	struct rlimit new;
	struct request r;
	int result;

	become(1);
	new.rlim_cur = (rlim_t)number(4);
	new.rlim_max = (rlim_t)number(5);
	memset(&r, 0, sizeof(r));
	r.scope = KAUTH_SCOPE_PROCESS;
	r.action = KAUTH_PROCESS_RLIMIT;
	r.arg[0] = &process(2)->p;
	r.arg[1] = (void *)KAUTH_REQ_PROCESS_RLIMIT_SET;
	r.arg[2] = is(6, "null") ? NULL : &new;
	r.arg[3] = (void *)number(3);
	result = ask(&r);
	if (result != KAUTH_RESULT_DENY && is(6, "apply"))
		process(2)->limits.pl_rlimit[number(3)] = new;
	host_print("%s\n", result_name(result));
}

/*
 * fork PARENT CHILD [fail]: fails after it was permitted, when told so.
 */
static void
command_fork(void)
{
	struct request r;
	struct shim_process *parent;

	parent = become(1);
	memset(&r, 0, sizeof(r));
	r.scope = KAUTH_SCOPE_PROCESS;
	r.action = KAUTH_PROCESS_FORK;
	r.arg[0] = &parent->p;
	r.arg[1] = (void *)1;
	if (ask(&r) == KAUTH_RESULT_DENY)
		host_print("%d\n", EAGAIN);
	else if (is(3, "fail"))
		host_print("%d\n", ENOMEM);
	else {
		shim_process_make(&shim_processes[number(2)],
		    (pid_t)number(2), &parent->p);
		host_print("0\n");
	}
}

static void
command_get(void)
{
	static char text[TEXT];
	size_t size;
	int error;

	become(1);
	size = nwords > 3 ? (size_t)number(3) : sizeof(text);
	memset(text, 0, 64);
	error = shim_sysctl(words[2], size > 0 ? text : NULL, &size, NULL, 0);
	host_print("%d %d ", error, (int)size);
	if (error == 0 && nwords == 3) {
		if (size == sizeof(int) && !is(2, "mode"))
			host_print("%d", *(int *)(void *)text);
		else if (is(2, "generation"))
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
	int32_t numbers[WORDS];
	unsigned int i;

	become(1);
	for (i = 3; i < nwords; i++)
		numbers[i - 3] = (int32_t)number(i);
	host_print("%d\n", shim_sysctl(words[2], NULL, NULL, numbers,
	    (nwords - 3) * sizeof(*numbers)));
}

static void
command_load(void)
{
	size_t size;
	void *image;
	int error;

	become(1);
	image = host_file(words[2], &size);
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

/* What threads of `storm' do: a listener's denials, and places in a cell. */
static const struct request *storm_request;
static struct shim_process *storm_process;
static unsigned int storm_cell, storm_cap, storm_rounds;

static void *
storm(void *which)
{
	unsigned int i;

	curlwp = &storm_process->l[0];
	for (i = 0; i < storm_rounds; i++) {
		SHIM_ASSERT(shim_ask(storm_request->scope, curlwp->l_cred,
		    storm_request->action, NULL, NULL, NULL, NULL) ==
		    KAUTH_RESULT_DENY);
		if ((uintptr_t)which == 1)
			shim_drain_anyway();
		if (!cellpolicy_reserve(storm_cell, storm_cap))
			continue;
		SHIM_ASSERT(cellpolicy_state(storm_cell)->processes <=
		    storm_cap);
		cellpolicy_release(storm_cell);
	}
	return NULL;
}

/* storm PROCESS CELL CAP THREADS ROUNDS: all are denied system.module */
static void
command_storm(void)
{
	struct request r;

	storm_process = become(1);
	memset(&r, 0, sizeof(r));
	r.scope = KAUTH_SCOPE_SYSTEM;
	r.action = KAUTH_SYSTEM_MODULE;
	storm_request = &r;
	storm_cell = (unsigned int)number(2);
	storm_cap = (unsigned int)number(3);
	storm_rounds = (unsigned int)number(5);
	host_threads((unsigned int)number(4), storm);
	shim_drain_anyway();
	host_print("0\n");
}

static void
command_module(modcmd_t cmd)
{

	shim_curlwp = &shim_processes[0].l[0];
	shim_fail = nwords > 1 ? (int)number(1) : -1;
	host_print("%d\n", shim_modcmd(cmd, NULL));
	shim_fail = -1;
}

static void
command_process(void)
{

	if (is(0, "proc")) {
		shim_process_make(&shim_processes[number(1)],
		    (pid_t)number(1), NULL);
		become(1);
		shim_setuid((uid_t)number(2));
	} else if (is(0, "exit"))
		shim_process_end(process(1));
	else if (is(0, "setuid")) {
		become(1);
		shim_setuid((uid_t)number(2));
	} else if (is(0, "nlwps"))
		process(1)->p.p_nlwps = (int)number(2);
	else if (is(0, "ids")) {
		become(1);
		host_print("%u %u\n", cellpolicy_id(curlwp->l_cred),
		    (unsigned)(uintptr_t)process(1)->p_data[0]);
		return;
	}
	host_print("0\n");
}

static void
command(void)
{

	if (is(0, "ask"))
		command_ask();
	else if (is(0, "raw"))
		command_raw();
	else if (is(0, "rlimit"))
		command_rlimit();
	else if (is(0, "fork"))
		command_fork();
	else if (is(0, "get"))
		command_get();
	else if (is(0, "set"))
		command_set();
	else if (is(0, "load"))
		command_load();
	else if (is(0, "log"))
		command_log();
	else if (is(0, "storm"))
		command_storm();
	else if (is(0, "init"))
		command_module(MODULE_CMD_INIT);
	else if (is(0, "fini"))
		command_module(MODULE_CMD_FINI);
	else if (is(0, "stat"))
		command_module(MODULE_CMD_STAT);
	else if (is(0, "autounload"))
		command_module(MODULE_CMD_AUTOUNLOAD);
	else if (is(0, "time")) {
		time_uptime += number(1);
		host_print("0\n");
	} else if (is(0, "leftovers"))
		host_print("%u\n", shim_leftovers());
	else
		command_process();
}

int	main(void);

int
main(void)
{
	char *line;

	shim_boot();
	while ((line = host_line()) != NULL) {
		for (nwords = 0; nwords < WORDS; nwords++) {
			while (*line == ' ')
				*line++ = '\0';
			if (*line == '\n' || *line == '\0')
				break;
			words[nwords] = line;
			while (*line != ' ' && *line != '\n' && *line != '\0')
				line++;
		}
		*line = '\0';
		if (nwords > 0)
			command();
	}
	return 0;
}
