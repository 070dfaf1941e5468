/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How many processes a cell has, and the cap on them.
 *
 * A fork is asked for before it can fail in other ways, and its failure is
 * not told.  So the place for the child is reserved when the fork is asked
 * for and stays with the thread, which uses it for its next fork if this one
 * fails, or gives it back when it ends.  Births are counted when the child
 * gets its credential, since posix_spawn(2) runs no fork hooks; deaths when
 * the exit hooks run.  The count never exceeds the cap; zombies do not count.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/lwp.h>
#include <sys/specificdata.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

#define	TO_DATA(id)	((void *)(uintptr_t)(id))
#define	FROM_DATA(data)	((unsigned int)(uintptr_t)(data))

static specificdata_key_t reservation_key;	/* per thread: cell id */
static void *exit_hook;

/*
 * Takes a place in a cell, unless it is full.
 */
bool
cellpolicy_reserve(unsigned int id, uint32_t cap)
{
	struct cellpolicy_state *st;
	unsigned int n;

	st = cellpolicy_state(id);
	do {
		n = CELLPOLICY_GLANCE(&st->processes);
		if (n >= cap)
			return false;
	} while (atomic_cas_uint(&st->processes, n, n + 1) != n);
	return true;
}

void
cellpolicy_release(unsigned int id)
{

	atomic_dec_uint(&cellpolicy_state(id)->processes);
}

/*
 * Takes a place for a fork by the current thread.  May sleep.
 */
bool
cellpolicy_reserve_fork(unsigned int id, uint32_t cap)
{

	if (FROM_DATA(lwp_getspecific(reservation_key)) == id)
		return true;
	if (!cellpolicy_reserve(id, cap))
		return false;
	lwp_setspecific(reservation_key, TO_DATA(id));
	return true;
}

/*
 * A process was born into a cell, to the current thread.
 */
void
cellpolicy_born(unsigned int id)
{

	if (FROM_DATA(lwp_getspecific(reservation_key)) == id)
		lwp_setspecific(reservation_key, NULL);
	else
		atomic_inc_uint(&cellpolicy_state(id)->processes);
}

static void
thread_ended(void *data)
{

	cellpolicy_release(FROM_DATA(data));
}

static void
process_ended(struct proc *p, void *arg)
{
	unsigned int id;

	(void)arg;
	id = cellpolicy_id_of_process(p);
	if (id != 0)
		cellpolicy_release(id);
}

int
cellpolicy_count_start(void)
{
	int error;

	error = lwp_specific_key_create(&reservation_key, thread_ended);
	if (error != 0)
		return error;
	exit_hook = exithook_establish(process_ended, NULL);
	if (exit_hook != NULL)
		return 0;
	lwp_specific_key_delete(reservation_key);
	return ENOMEM;
}

void
cellpolicy_count_stop(void)
{

	exithook_disestablish(exit_hook);
	lwp_specific_key_delete(reservation_key);
}
