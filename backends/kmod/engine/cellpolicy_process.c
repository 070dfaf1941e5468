/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Which cell a process is in, by its number.
 *
 * To read another process' credential needs its p_lock, which a listener may
 * neither take nor rely on; and data specific to a process is gone before
 * the process is, whose zombie is still asked about.  So the engine keeps the
 * ids itself: written when a process enters a cell, and at every birth, so
 * that nothing is left of the one that had the number before.  A zombie stays
 * in its cell.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/kmem.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

#define	PAGE_PIDS	1024u
#define	PAGES		1024u	/* process numbers end far below */

static unsigned int *pages[PAGES];

/*
 * The place of a process number, NULL where nothing was ever written.
 */
static unsigned int *
place(pid_t pid)
{
	unsigned int *page;

	if (pid < 0 || (unsigned int)pid >= PAGES * PAGE_PIDS)
		return NULL;
	page = CELLPOLICY_DEPEND(&pages[(unsigned int)pid / PAGE_PIDS]);
	return page == NULL ? NULL : &page[(unsigned int)pid % PAGE_PIDS];
}

/*
 * Notes the cell of a process.  May sleep when it is not the host.  False
 * when there is no room for the number.
 */
bool
cellpolicy_process_set(pid_t pid, unsigned int id)
{
	unsigned int *at, *page;

	at = place(pid);
	if (at == NULL && id == 0)
		return true;
	if (at == NULL) {
		if (pid < 0 || (unsigned int)pid >= PAGES * PAGE_PIDS)
			return false;
		page = kmem_zalloc(PAGE_PIDS * sizeof(*page), KM_SLEEP);
		membar_producer();
		if (atomic_cas_ptr(&pages[(unsigned int)pid / PAGE_PIDS],
		    NULL, page) != NULL)
			kmem_free(page, PAGE_PIDS * sizeof(*page));
		at = place(pid);
	}
	CELLPOLICY_STORE(at, id);
	return true;
}

/*
 * The cell of a process that the caller keeps from going away; 0 for the
 * host, and for no process.
 */
unsigned int
cellpolicy_id_of_process(const struct proc *p)
{
	const unsigned int *at;

	if (p == NULL)
		return 0;
	at = place(p->p_pid);
	return at == NULL ? 0 : CELLPOLICY_GLANCE(at);
}

int
cellpolicy_process_start(void)
{

	return 0;
}

void
cellpolicy_process_stop(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		if (pages[i] != NULL)
			kmem_free(pages[i], PAGE_PIDS * sizeof(*pages[i]));
		pages[i] = NULL;
	}
}
