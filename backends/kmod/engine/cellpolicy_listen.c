/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The kauth(9) listeners.  Each finds out who asks, then what, and leaves the
 * rest to the tables.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/pserialize.h>
#include <sys/resource.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

#define	TO_INT(arg)	((int)(uintptr_t)(arg))
#define	TO_ULONG(arg)	((unsigned long)(uintptr_t)(arg))

static const int results[] = {
	[CELLPOLICY_DEFER] = KAUTH_RESULT_DEFER,
	[CELLPOLICY_DENY] = KAUTH_RESULT_DENY,
	[CELLPOLICY_ALLOW] = KAUTH_RESULT_ALLOW,
	[3] = KAUTH_RESULT_DENY,	/* no verdict, and in no valid tables */
};

/*
 * Ends a read section with the answer to kauth(9).  A denial is noted first;
 * what asked for is `q' then, and there is nothing to ask for otherwise.
 */
static int
finish(const struct cellpolicy_policy *pol, kauth_cred_t cred,
    const struct cellpolicy_question *q, unsigned int verdict, int s)
{

	if (verdict == CELLPOLICY_DENY &&
	    !cellpolicy_denied(pol, q, cred, CELLPOLICY_NOLIMIT))
		verdict = CELLPOLICY_DEFER;
	pserialize_read_exit(s);
	return results[verdict];
}

/*
 * Out of the way of requests that are not denied.
 */
static int __noinline
refuse(const struct cellpolicy_policy *pol, kauth_cred_t cred, unsigned int id,
    const struct cellpolicy_scope *scope, kauth_action_t action, void *request,
    int s)
{
	struct cellpolicy_question q;

	cellpolicy_ask(&q, scope, action, TO_ULONG(request));
	q.subject = id;
	return finish(pol, cred, &q, CELLPOLICY_DENY, s);
}

/*
 * Requests that carry nothing but themselves.
 */
static int
answer(kauth_cred_t cred, unsigned int id,
    const struct cellpolicy_scope *scope, kauth_action_t action, void *request)
{
	const struct cellpolicy_policy *pol;
	unsigned int verdict;
	int s;

	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	verdict = cellpolicy_decide(pol, id, scope, action, TO_ULONG(request));
	if (__predict_false(verdict == CELLPOLICY_DENY))
		return refuse(pol, cred, id, scope, action, request, s);
	pserialize_read_exit(s);
	return results[verdict];
}

static int
listen_generic(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned int id;

	(void)cookie;
	(void)arg0;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	return id == 0 ? KAUTH_RESULT_DEFER : answer(cred, id,
	    &cellpolicy_scopes[CELLPOLICY_SCOPE_GENERIC], action, NULL);
}

static int
listen_system(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned int id;

	(void)cookie;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	return id == 0 ? KAUTH_RESULT_DEFER : answer(cred, id,
	    &cellpolicy_scopes[CELLPOLICY_SCOPE_SYSTEM], action, arg0);
}

static int
listen_machdep(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned int id;

	(void)cookie;
	(void)arg0;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	return id == 0 ? KAUTH_RESULT_DEFER : answer(cred, id,
	    &cellpolicy_scopes[CELLPOLICY_SCOPE_MACHDEP], action, NULL);
}

/*
 * A pass-through request carries several rights; with one that nobody knows
 * it is unknown as a whole.
 */
static int
passthru(kauth_cred_t cred, unsigned int id, unsigned long bits)
{
	const unsigned long known = KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_ALL;
	const struct cellpolicy_policy *pol;
	struct cellpolicy_question q;
	unsigned int verdict;
	int s;

	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	verdict = (bits & ~known) != 0 ? CELLPOLICY_DENY :
	    cellpolicy_decide_passthru(pol, id, bits);
	cellpolicy_ask_passthru(&q, bits);
	if ((bits & ~known) != 0)
		q.kind = CELLPOLICY_UNKNOWN;
	q.subject = id;
	return finish(pol, cred, &q, verdict, s);
}

/*
 * Terminals are opened under the spin locks of their drivers.
 */
static int
listen_device(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned int id;

	(void)cookie;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = action == KAUTH_DEVICE_TTY_OPEN ? cellpolicy_id_spinning(cred) :
	    cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	if (action == KAUTH_DEVICE_RAWIO_PASSTHRU)
		return passthru(cred, id, TO_ULONG(arg0));
	return answer(cred, id, &cellpolicy_scopes[CELLPOLICY_SCOPE_DEVICE],
	    action, arg0);
}

/*
 * Asked for every component of every path.
 */
static int
listen_vnode(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	const struct cellpolicy_policy *pol;
	struct cellpolicy_question q;
	unsigned int id;
	int s;

	(void)cookie;
	(void)arg0;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	if (__predict_true(cellpolicy_decide_vnode(pol, id, action) !=
	    CELLPOLICY_DENY)) {
		pserialize_read_exit(s);
		return KAUTH_RESULT_DEFER;
	}
	cellpolicy_ask_vnode(&q, action);
	q.subject = id;
	return finish(pol, cred, &q, CELLPOLICY_DENY, s);
}

/*
 * Binding, from a cell or by somebody on the host who is not root.  From a
 * cell it has to be known what is bound.
 */
static int
bind_result(kauth_cred_t cred, unsigned int id, unsigned long request,
    const struct socket *so, const void *address)
{
	const struct cellpolicy_policy *pol;
	struct cellpolicy_question q;
	struct cellpolicy_binding b;
	unsigned int verdict;
	int s;

	cellpolicy_read_bind(&b, request, so, address);
	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	if (!b.known)
		verdict = id != 0 ? CELLPOLICY_DENY : CELLPOLICY_DEFER;
	else if (id == 0)
		verdict = cellpolicy_decide_host_bind(pol, b.port,
		    CELLPOLICY_WITH(b.protocol));
	else if (b.port == 0)
		verdict = cellpolicy_decide_auto(pol, id, b.leaf, b.protocol);
	else
		verdict = cellpolicy_decide_bind(pol, id, b.port,
		    CELLPOLICY_BIND(b.protocol), CELLPOLICY_WITH(b.protocol));
	if (__predict_true(verdict != CELLPOLICY_DENY)) {
		pserialize_read_exit(s);
		return results[verdict];
	}
	cellpolicy_ask_bind(&q, &b);
	q.subject = id;
	return finish(pol, cred, &q, verdict, s);
}

static int
socket_result(kauth_cred_t cred, unsigned int id, bool rawsock, int domain,
    int type, int protocol)
{
	const struct cellpolicy_policy *pol;
	struct cellpolicy_question q;
	unsigned int verdict;
	int s;

	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	verdict = cellpolicy_decide_socket(pol, id, rawsock, domain, type,
	    protocol);
	if (__predict_true(verdict != CELLPOLICY_DENY)) {
		pserialize_read_exit(s);
		return results[verdict];
	}
	cellpolicy_ask_socket(&q, rawsock, domain, type, protocol);
	q.subject = id;
	return finish(pol, cred, &q, verdict, s);
}

/*
 * On the host a question only when somebody but root binds a port, since a
 * cell may listen on it.
 */
static int
listen_network(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned long request;
	unsigned int id;
	bool port;

	(void)cookie;
	request = TO_ULONG(arg0);
	port = action == KAUTH_NETWORK_BIND &&
	    (request == KAUTH_REQ_NETWORK_BIND_PORT ||
	    request == KAUTH_REQ_NETWORK_BIND_PRIVPORT);
	id = cellpolicy_id(cred);
	if (id == 0 && (!port || kauth_cred_geteuid(cred) == 0))
		return KAUTH_RESULT_DEFER;
	if (port)
		return bind_result(cred, id, request, arg1, arg2);
	if (action == KAUTH_NETWORK_SOCKET &&
	    (request == KAUTH_REQ_NETWORK_SOCKET_OPEN ||
	    request == KAUTH_REQ_NETWORK_SOCKET_RAWSOCK))
		return socket_result(cred, id,
		    request == KAUTH_REQ_NETWORK_SOCKET_RAWSOCK,
		    TO_INT(arg1), TO_INT(arg2), TO_INT(arg3));
	return answer(cred, id, &cellpolicy_scopes[CELLPOLICY_SCOPE_NETWORK],
	    action, arg0);
}

/*
 * Refuses a fork that would overfill the cell.  Asked without locks; may
 * sleep.
 */
static int
fork_result(kauth_cred_t cred, const struct cellpolicy_question *q)
{
	uint32_t cap;
	bool refuse;
	int s;

	s = pserialize_read_enter();
	cap = cellpolicy_cell(cellpolicy_tables(), q->subject)->processes;
	pserialize_read_exit(s);
	if (cap == CELLPOLICY_UNLIMITED ||
	    cellpolicy_reserve_fork(q->subject, cap))
		return KAUTH_RESULT_DEFER;
	s = pserialize_read_enter();
	refuse = cellpolicy_denied(cellpolicy_policy(), q, cred,
	    (int)CELLPOLICY_LIMIT_PROCESSES);
	pserialize_read_exit(s);
	return refuse ? KAUTH_RESULT_DENY : KAUTH_RESULT_DEFER;
}

/*
 * Refuses limits that raise a process above the ceilings of its cell.
 */
static int
rlimit_result(kauth_cred_t cred, const struct cellpolicy_question *q,
    struct proc *p, const struct rlimit *new, int which)
{
	const struct cellpolicy_policy *pol;
	bool refuse;
	int limit, s;

	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	limit = cellpolicy_raises(&pol->tables, q->target, p, new, which);
	refuse = limit != CELLPOLICY_NOLIMIT &&
	    cellpolicy_denied(pol, q, cred, limit);
	pserialize_read_exit(s);
	return refuse ? KAUTH_RESULT_DENY : KAUTH_RESULT_DEFER;
}

/*
 * Root of the host may do everything to every process; others on the host
 * nothing to one in a cell.
 */
static int
host_process(kauth_cred_t cred, kauth_action_t action, unsigned long request,
    unsigned int target)
{
	struct cellpolicy_question q;
	int s;

	if (target == 0 || kauth_cred_geteuid(cred) == 0)
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_process(&q, action, request, target);
	s = pserialize_read_enter();
	return finish(cellpolicy_policy(), cred, &q, CELLPOLICY_DENY, s);
}

/*
 * What a cell's limits say about a request that its rules do not refuse.
 */
static int
limits_result(kauth_cred_t cred, const struct cellpolicy_question *q,
    kauth_action_t action, void *const *arg)
{

	if (action == KAUTH_PROCESS_FORK)
		return fork_result(cred, q);
	if (action == KAUTH_PROCESS_RLIMIT &&
	    (uintptr_t)arg[1] == KAUTH_REQ_PROCESS_RLIMIT_SET)
		return rlimit_result(cred, q, arg[0], arg[2],
		    (int)(uintptr_t)arg[3]);
	return KAUTH_RESULT_DEFER;
}

/*
 * The request of a process action is its second argument, with PROCFS the
 * third; what other actions pass there is not one.  SCHEDULER_SETPARAM comes
 * under the spin lock of a thread.
 */
static int
listen_process(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	const struct cellpolicy_policy *pol;
	struct cellpolicy_question q;
	unsigned int id, target, verdict;
	unsigned long request;
	int result, s;

	(void)cookie;
	if (!cellpolicy_living())
		return KAUTH_RESULT_DEFER;
	id = action == KAUTH_PROCESS_SCHEDULER_SETPARAM ?
	    cellpolicy_id_spinning(cred) : cellpolicy_id(cred);
	target = cellpolicy_id_of_process(arg0);
	request = TO_ULONG(action == KAUTH_PROCESS_PROCFS ? arg2 : arg1);
	if (id == 0)
		return host_process(cred, action, request, target);
	s = pserialize_read_enter();
	pol = cellpolicy_policy();
	verdict = cellpolicy_decide_process(pol, id, target, action, request);
	if (__predict_true(verdict != CELLPOLICY_DENY &&
	    action != KAUTH_PROCESS_FORK && action != KAUTH_PROCESS_RLIMIT)) {
		pserialize_read_exit(s);
		return results[verdict];
	}
	cellpolicy_ask_process(&q, action, request, target);
	q.subject = id;
	result = finish(pol, cred, &q, verdict, s);
	if (result != KAUTH_RESULT_DENY && limits_result(cred, &q, action,
	    (void *[]){ arg0, arg1, arg2, arg3 }) == KAUTH_RESULT_DENY)
		return KAUTH_RESULT_DENY;
	return result;
}

static struct {
	const char		*scope;
	kauth_scope_callback_t	callback;
	kauth_listener_t	listener;
} listeners[] = {
	{ KAUTH_SCOPE_GENERIC,	listen_generic,	NULL },
	{ KAUTH_SCOPE_SYSTEM,	listen_system,	NULL },
	{ KAUTH_SCOPE_PROCESS,	listen_process,	NULL },
	{ KAUTH_SCOPE_NETWORK,	listen_network,	NULL },
	{ KAUTH_SCOPE_MACHDEP,	listen_machdep,	NULL },
	{ KAUTH_SCOPE_DEVICE,	listen_device,	NULL },
	{ KAUTH_SCOPE_VNODE,	listen_vnode,	NULL },
};

int
cellpolicy_listen_start(void)
{
	unsigned int i;

	for (i = 0; i < __arraycount(listeners); i++) {
		listeners[i].listener = kauth_listen_scope(listeners[i].scope,
		    listeners[i].callback, NULL);
		if (listeners[i].listener == NULL) {
			cellpolicy_listen_stop();
			return ENXIO;
		}
	}
	return 0;
}

/*
 * kauth(9) does not wait for listeners that are still running.  None of them
 * sleeps while nothing is in a cell, so a pause lets them end.
 */
void
cellpolicy_listen_stop(void)
{
	unsigned int i;

	for (i = __arraycount(listeners); i-- > 0;) {
		if (listeners[i].listener != NULL)
			kauth_unlisten_scope(listeners[i].listener);
		listeners[i].listener = NULL;
	}
	(void)kpause("cellpol", false, mstohz(100), NULL);
}
