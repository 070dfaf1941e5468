/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Which cell a credential is in, and how a process gets into one.
 *
 * The id is the value itself of the credential's specific data, so nothing
 * has to be freed with it.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/mutex.h>

#include <secmodel/secmodel.h>

#include "cellpolicy_engine.h"

#define	TO_DATA(id)	((void *)(uintptr_t)(id))
#define	FROM_DATA(data)	((unsigned int)(uintptr_t)(data))

kmutex_t cellpolicy_enter_lock;		/* entering and closing */
static bool closing;
static secmodel_t model;
static kauth_key_t credential_key;
static kauth_listener_t listener;

/*
 * The cell of a credential, 0 for the host.
 */
unsigned int
cellpolicy_id(kauth_cred_t cred)
{

	if (!cellpolicy_living())
		return 0;
	return FROM_DATA(kauth_cred_getdata(cred, credential_key));
}

/*
 * The same for callers that may hold a spin lock, under which kauth(9) must
 * not take the lock in a credential.  The current process needs none.
 */
unsigned int
cellpolicy_id_spinning(kauth_cred_t cred)
{

	return cred == curlwp->l_cred ? cellpolicy_id_of_process(curproc) :
	    cellpolicy_id(cred);
}

static void
set_id(kauth_cred_t cred, unsigned int id)
{

	if (id != 0)
		cellpolicy_carry(id);
	kauth_cred_setdata(cred, credential_key, TO_DATA(id));
}

/*
 * Credentials made by a process in a cell start out in that cell: whatever
 * is done with them later, they have room for the id, so that copying into
 * them does not allocate under p_lock.
 */
static void
credential_made(kauth_cred_t cred)
{
	unsigned int id;

	id = cellpolicy_id(kauth_cred_get());
	if (id != 0)
		set_id(cred, id);
}

static void
credential_copied(kauth_cred_t from, kauth_cred_t to)
{
	unsigned int id, old;

	id = cellpolicy_id(from);
	old = cellpolicy_id(to);
	if (id == old)
		return;
	set_id(to, id);
	if (old != 0)
		cellpolicy_uncarry(old);
}

/*
 * On the host too: the child's number may be that of one who was in a cell.
 */
static void
process_made(kauth_cred_t cred, const struct proc *child)
{
	unsigned int id;

	id = cellpolicy_id(cred);
	(void)cellpolicy_process_set(child->p_pid, id);
	if (id != 0)
		cellpolicy_born(id);
}

/*
 * Answers ALLOW to every event there is: a kernel with DIAGNOSTIC panics on
 * anything else.
 */
static int
credential_event(kauth_cred_t cred, kauth_action_t action, void *cookie,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned int id;

	(void)cookie;
	(void)arg2;
	(void)arg3;
	switch (action) {
	case KAUTH_CRED_INIT:
		credential_made(cred);
		break;
	case KAUTH_CRED_COPY:
		credential_copied(cred, arg0);
		break;
	case KAUTH_CRED_FORK:
		process_made(cred, arg1);
		break;
	case KAUTH_CRED_FREE:
		id = cellpolicy_id(cred);
		if (id != 0)
			cellpolicy_uncarry(id);
		break;
	default:
		break;
	}
	return KAUTH_RESULT_ALLOW;
}

/*
 * Puts the current process into a cell.  The process is noted as there
 * before it is, and the credential is made and given room for the id before
 * p_lock is held.
 */
static int
change_credential(struct proc *p, unsigned int id)
{
	kauth_cred_t new, old;
	int error;

	if (!cellpolicy_process_set(p->p_pid, id))
		return EBUSY;
	new = kauth_cred_alloc();
	kauth_cred_setdata(new, credential_key, TO_DATA(0));
	proc_crmod_enter();
	old = p->p_cred;
	error = 0;
	if (cellpolicy_id(old) != 0 || kauth_cred_geteuid(old) != 0)
		error = EPERM;
	else if (p->p_nlwps != 1)
		error = EBUSY;
	if (error != 0) {
		proc_crmod_leave(NULL, NULL, false);
		kauth_cred_free(new);
		(void)cellpolicy_process_set(p->p_pid, 0);
		return error;
	}
	kauth_cred_clone(old, new);
	set_id(new, id);
	proc_crmod_leave(new, old, true);
	return 0;
}

/*
 * Enters a cell for good: EPERM for any but the host's root, EINVAL for what
 * is no cell id, ESRCH for a cell that is not in the policy, ERANGE for hard
 * limits above the cell's ceilings, EAGAIN when the cell is full, EBUSY for a
 * process with several threads or when the module is about to go.
 */
int
cellpolicy_enter(struct lwp *l, int id)
{
	const struct cellpolicy_tables *t;
	const struct cellpolicy_cell *c;
	unsigned int cell;
	int error;

	if (cellpolicy_id(l->l_cred) != 0 || kauth_cred_geteuid(l->l_cred) != 0)
		return EPERM;
	if (id <= 0 || id > (int)CELLPOLICY_MAXID)
		return EINVAL;
	cell = (unsigned int)id;
	t = cellpolicy_tables();
	c = cellpolicy_cell(t, cell);
	if (c->id == 0)
		return ESRCH;
	if (cellpolicy_exceeds(t, cell, l->l_proc) >= 0 &&
	    !cellpolicy_permissive(t, cell))
		return ERANGE;
	if (!cellpolicy_reserve(cell, cellpolicy_permissive(t, cell) ?
	    CELLPOLICY_UNLIMITED : c->processes))
		return EAGAIN;
	mutex_enter(&cellpolicy_enter_lock);
	error = closing ? EBUSY : change_credential(l->l_proc, cell);
	mutex_exit(&cellpolicy_enter_lock);
	if (error != 0)
		cellpolicy_release(cell);
	return error;
}

/*
 * No process enters a cell from here on.  EBUSY when something is in one: it
 * would be on the host if the module were loaded again.
 */
int
cellpolicy_identity_close(void)
{
	int error;

	mutex_enter(&cellpolicy_enter_lock);
	error = cellpolicy_living() ? EBUSY : 0;
	if (error == 0)
		closing = true;
	mutex_exit(&cellpolicy_enter_lock);
	return error;
}

int
cellpolicy_identity_start(void)
{
	int error;

	closing = false;
	error = secmodel_register(&model, "org.netbsd.secmodel.cellpolicy",
	    "Cell policy", NULL, NULL, NULL);
	if (error != 0)
		return error;
	error = kauth_register_key(model, &credential_key);
	if (error != 0)
		goto deregister;
	mutex_init(&cellpolicy_enter_lock, MUTEX_DEFAULT, IPL_NONE);
	listener = kauth_listen_scope(KAUTH_SCOPE_CRED, credential_event, NULL);
	if (listener != NULL)
		return 0;
	error = ENXIO;
	mutex_destroy(&cellpolicy_enter_lock);
	(void)kauth_deregister_key(credential_key);
deregister:
	(void)secmodel_deregister(model);
	return error;
}

/*
 * Forks on other processors may still be telling of themselves: like the
 * other listeners, this one is given time to end.
 */
void
cellpolicy_identity_stop(void)
{

	kauth_unlisten_scope(listener);
	(void)kpause("cellpol", false, mstohz(100), NULL);
	mutex_destroy(&cellpolicy_enter_lock);
	(void)kauth_deregister_key(credential_key);
	(void)secmodel_deregister(model);
}
