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
#include <sys/pserialize.h>
#include <sys/resource.h>

#include "cellpolicy_engine.h"

static const int results[] = {
	[CELLPOLICY_DEFER] = KAUTH_RESULT_DEFER,
	[CELLPOLICY_DENY] = KAUTH_RESULT_DENY,
	[CELLPOLICY_ALLOW] = KAUTH_RESULT_ALLOW,
	[3] = KAUTH_RESULT_DENY,	/* no verdict, and in no valid tables */
};

static int
answer(kauth_cred_t cred, const struct cellpolicy_question *q)
{
	const struct cellpolicy_tables *t;
	unsigned int verdict;
	int s;

	s = pserialize_read_enter();
	t = cellpolicy_tables();
	verdict = cellpolicy_decide(t, q);
	if (verdict == CELLPOLICY_DENY &&
	    !cellpolicy_denied(t, q, cred, CELLPOLICY_NOLIMIT))
		verdict = CELLPOLICY_DEFER;
	pserialize_read_exit(s);
	return results[verdict];
}

static int
listen_generic(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;

	(void)cookie;
	(void)arg0;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_generic(&q, action);
	q.subject = id;
	return answer(cred, &q);
}

static int
listen_system(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;

	(void)cookie;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_system(&q, action, arg0);
	q.subject = id;
	return answer(cred, &q);
}

static int
listen_machdep(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;

	(void)cookie;
	(void)arg0;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_machdep(&q, action);
	q.subject = id;
	return answer(cred, &q);
}

static int
listen_device(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;

	(void)cookie;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_device(&q, action, arg0);
	q.subject = id;
	return answer(cred, &q);
}

/*
 * Asked for every component of every path.
 */
static int
listen_vnode(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;

	(void)cookie;
	(void)arg0;
	(void)arg1;
	(void)arg2;
	(void)arg3;
	id = cellpolicy_id(cred);
	if (id == 0)
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_vnode(&q, action);
	q.subject = id;
	return answer(cred, &q);
}

/*
 * On the host a question only when somebody but root binds a port, since a
 * cell may listen on it.
 */
static int
listen_network(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;

	(void)cookie;
	id = cellpolicy_id(cred);
	if (id == 0 && (action != KAUTH_NETWORK_BIND ||
	    kauth_cred_geteuid(cred) == 0))
		return KAUTH_RESULT_DEFER;
	cellpolicy_ask_network(&q, action, arg0, arg1, arg2, arg3);
	q.subject = id;
	return answer(cred, &q);
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
	refuse = cellpolicy_denied(cellpolicy_tables(), q, cred,
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
	const struct cellpolicy_tables *t;
	bool refuse;
	int limit, s;

	s = pserialize_read_enter();
	t = cellpolicy_tables();
	limit = cellpolicy_raises(t, q->target, p, new, which);
	refuse = limit != CELLPOLICY_NOLIMIT &&
	    cellpolicy_denied(t, q, cred, limit);
	pserialize_read_exit(s);
	return refuse ? KAUTH_RESULT_DENY : KAUTH_RESULT_DEFER;
}

static int
listen_process(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	struct cellpolicy_question q;
	unsigned int id;
	int result, limited;

	(void)cookie;
	if (!cellpolicy_living())
		return KAUTH_RESULT_DEFER;
	id = cellpolicy_id(cred);
	cellpolicy_ask_process(&q, action, arg0, arg1, arg2);
	q.subject = id;
	q.root = id == 0 && kauth_cred_geteuid(cred) == 0;
	result = answer(cred, &q);
	if (id == 0 || result == KAUTH_RESULT_DENY)
		return result;
	limited = KAUTH_RESULT_DEFER;
	if (action == KAUTH_PROCESS_FORK)
		limited = fork_result(cred, &q);
	else if (action == KAUTH_PROCESS_RLIMIT &&
	    (uintptr_t)arg1 == KAUTH_REQ_PROCESS_RLIMIT_SET)
		limited = rlimit_result(cred, &q, arg0, arg2,
		    (int)(uintptr_t)arg3);
	return limited == KAUTH_RESULT_DENY ? limited : result;
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
 * Does not wait for listeners that are still running: unloading a module
 * with listeners is best effort on every release.
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
}
