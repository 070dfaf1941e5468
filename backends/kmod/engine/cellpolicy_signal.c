/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Signals to all processes of a cell, so that it can be stopped completely:
 * nothing outside the kernel can tell which they are.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/mutex.h>
#include <sys/signalvar.h>

#include "cellpolicy_engine.h"

#if __NetBSD_Prereq__(10,0,0)
#define	PROC_LOCK	(&proc_lock)
#else
#define	PROC_LOCK	proc_lock
#endif

/*
 * A process that is being forked is not reached: who wants none left asks
 * again until the cell has no processes.
 */
int
cellpolicy_signal(unsigned int id, int signo)
{
	struct proc *p;

	if (id == 0 || id > CELLPOLICY_MAXID || signo <= 0 || signo >= NSIG)
		return EINVAL;
	mutex_enter(PROC_LOCK);
	PROCLIST_FOREACH(p, &allproc) {
		if (cellpolicy_id_of_process(p) == id)
			psignal(p, signo);
	}
	mutex_exit(PROC_LOCK);
	return 0;
}
