/*
 * TEST STUB: commands of the driver that ask the engine's listeners.
 */

#include "cellpolicy_engine.h"
#include "driver.h"

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

/* Whether callers hold a spin lock, under which no other lock is taken. */
static bool
spin_locked(const struct request *r)
{

	return (strcmp(r->scope, KAUTH_SCOPE_PROCESS) == 0 &&
	    r->action == KAUTH_PROCESS_SCHEDULER_SETPARAM) ||
	    (strcmp(r->scope, KAUTH_SCOPE_DEVICE) == 0 &&
	    r->action == KAUTH_DEVICE_TTY_OPEN);
}

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
	shim_spinning = spin_locked(r);
	if (process_scope && !fork)
		hold_locks(p, 1);
	result = shim_ask(r->scope, curlwp->l_cred, r->action, r->arg[0],
	    r->arg[1], r->arg[2], r->arg[3]);
	if (process_scope && !fork)
		hold_locks(p, 0);
	shim_no_sleep = shim_spinning = false;
	return result;
}

/* What a request asks, as the listeners tell the audit. */
static void
read_request(const struct request *r, struct cellpolicy_question *q)
{
	static const struct { const char *name; int scope; } plain[] = {
		{ KAUTH_SCOPE_GENERIC, CELLPOLICY_SCOPE_GENERIC },
		{ KAUTH_SCOPE_SYSTEM, CELLPOLICY_SCOPE_SYSTEM },
		{ KAUTH_SCOPE_NETWORK, CELLPOLICY_SCOPE_NETWORK },
		{ KAUTH_SCOPE_MACHDEP, CELLPOLICY_SCOPE_MACHDEP },
		{ KAUTH_SCOPE_DEVICE, CELLPOLICY_SCOPE_DEVICE },
	};
	struct cellpolicy_binding b;
	unsigned long request;
	unsigned int i;
	bool network;

	request = (unsigned long)r->arg[0];
	network = strcmp(r->scope, KAUTH_SCOPE_NETWORK) == 0;
	if (strcmp(r->scope, KAUTH_SCOPE_VNODE) == 0)
		cellpolicy_ask_vnode(q, r->action);
	else if (strcmp(r->scope, KAUTH_SCOPE_PROCESS) == 0)
		cellpolicy_ask_process(q, r->action, (unsigned long)r->arg[
		    r->action == KAUTH_PROCESS_PROCFS ? 2 : 1],
		    cellpolicy_id_of_process(r->arg[0]));
	else if (network && (request == KAUTH_REQ_NETWORK_BIND_PORT ||
	    request == KAUTH_REQ_NETWORK_BIND_PRIVPORT)) {
		cellpolicy_read_bind(&b, request, r->arg[1], r->arg[2]);
		cellpolicy_ask_bind(q, &b);
	} else if (network && (request == KAUTH_REQ_NETWORK_SOCKET_OPEN ||
	    request == KAUTH_REQ_NETWORK_SOCKET_RAWSOCK))
		cellpolicy_ask_socket(q, request ==
		    KAUTH_REQ_NETWORK_SOCKET_RAWSOCK, (int)(uintptr_t)r->arg[1],
		    (int)(uintptr_t)r->arg[2], (int)(uintptr_t)r->arg[3]);
	else if (r->action == KAUTH_DEVICE_RAWIO_PASSTHRU &&
	    strcmp(r->scope, KAUTH_SCOPE_DEVICE) == 0)
		cellpolicy_ask_passthru(q, request);
	else
		for (i = 0; i < __arraycount(plain); i++)
			if (strcmp(r->scope, plain[i].name) == 0)
				cellpolicy_ask(q, &cellpolicy_scopes[
				    plain[i].scope], r->action, request);
}

/* The rule that decides, which the engine itself looks up at denials only. */
static uint32_t
rule_of(const struct request *r)
{
	struct cellpolicy_question q;

	read_request(r, &q);
	q.subject = cellpolicy_id(curlwp->l_cred);
	q.root = q.subject == 0 && curlwp->l_cred->euid == 0;
	return cellpolicy_explain(cellpolicy_policy(), &q);
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
void
driver_ask(void)
{
	const struct shim_leaf *leaf;
	struct request r;

	driver_become(1);
	leaf = &shim_leaves[driver_number(2)];
	memset(&r, 0, sizeof(r));
	r.scope = leaf->scope;
	r.action = leaf->action;
	r.arg[0] = (void *)leaf->request;
	if (strcmp(r.scope, KAUTH_SCOPE_PROCESS) == 0) {
		r.arg[0] = driver_is(3, "target") ? &driver_process(4)->p : curproc;
		r.arg[r.action == KAUTH_PROCESS_PROCFS ? 2 : 1] =
		    (void *)leaf->request;
	} else if (driver_is(3, "bind"))
		bind_arguments(&r, driver_words[4], (int)driver_number(5), (int)driver_number(6),
		    (int)driver_number(7));
	else if (driver_is(3, "socket")) {
		r.arg[1] = (void *)driver_number(4);
		r.arg[2] = (void *)driver_number(5);
		r.arg[3] = (void *)driver_number(6);
	}
	answer(&r);
}

/* raw PROCESS SCOPE ACTION ARG0 ARG1 ARG2 ARG3, all numbers but the scope */
void
driver_raw(void)
{
	struct request r;
	char scope[64];
	unsigned int i;

	driver_become(1);
	snprintf(scope, sizeof(scope), "org.netbsd.kauth.%s", driver_words[2]);
	r.scope = scope;
	r.action = (kauth_action_t)driver_number(3);
	for (i = 0; i < 4; i++)
		r.arg[i] = (void *)driver_number(4 + i);
	answer(&r);
}

/* rlimit PROCESS TARGET WHICH CUR MAX [apply | null | ptrace] */
void
driver_rlimit(void)
{
	struct rlimit new;
	struct request r;
	int result;

	driver_become(1);
	new.rlim_cur = (rlim_t)driver_number(4);
	new.rlim_max = (rlim_t)driver_number(5);
	memset(&r, 0, sizeof(r));
	r.scope = KAUTH_SCOPE_PROCESS;
	r.action = driver_is(6, "ptrace") ? KAUTH_PROCESS_PTRACE :
	    KAUTH_PROCESS_RLIMIT;
	r.arg[0] = &driver_process(2)->p;
	r.arg[1] = (void *)KAUTH_REQ_PROCESS_RLIMIT_SET;
	r.arg[2] = driver_is(6, "null") ? NULL : &new;
	r.arg[3] = (void *)driver_number(3);
	result = ask(&r);
	if (result != KAUTH_RESULT_DENY && driver_is(6, "apply"))
		driver_process(2)->limits.pl_rlimit[driver_number(3)] = new;
	host_print("%s\n", result_name(result));
}

/*
 * fork PARENT CHILD [fail]: fails after it was permitted, when told so.
 */
void
driver_fork(void)
{
	struct request r;
	struct shim_process *parent;

	parent = driver_become(1);
	memset(&r, 0, sizeof(r));
	r.scope = KAUTH_SCOPE_PROCESS;
	r.action = KAUTH_PROCESS_FORK;
	r.arg[0] = &parent->p;
	r.arg[1] = (void *)1;
	if (ask(&r) == KAUTH_RESULT_DENY)
		host_print("%d\n", EAGAIN);
	else if (driver_is(3, "fail"))
		host_print("%d\n", ENOMEM);
	else {
		shim_process_make(&shim_processes[driver_number(2)],
		    (pid_t)driver_number(2), &parent->p);
		host_print("0\n");
	}
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
void
driver_storm(void)
{
	struct request r;

	storm_process = driver_become(1);
	memset(&r, 0, sizeof(r));
	r.scope = KAUTH_SCOPE_SYSTEM;
	r.action = KAUTH_SYSTEM_MODULE;
	storm_request = &r;
	storm_cell = (unsigned int)driver_number(2);
	storm_cap = (unsigned int)driver_number(3);
	storm_rounds = (unsigned int)driver_number(5);
	host_threads((unsigned int)driver_number(4), storm);
	shim_drain_anyway();
	host_print("0\n");
}
