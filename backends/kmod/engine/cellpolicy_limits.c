/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Ceilings of resource limits.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/resourcevar.h>

#include "cellpolicy_engine.h"

static const uint64_t *
ceilings(const struct cellpolicy_tables *t, unsigned int id)
{

	return t->ceilings + cellpolicy_cell(t, id)->limits * CELLPOLICY_LIMITS;
}

/*
 * The first limit of a process that is above the cell's ceiling, or
 * CELLPOLICY_NOLIMIT.
 */
int
cellpolicy_exceeds(const struct cellpolicy_tables *t, unsigned int id,
    struct proc *p)
{
	const uint64_t *ceiling;
	int i;

	ceiling = ceilings(t, id);
	for (i = 0; i < (int)CELLPOLICY_LIMITS; i++)
		if (p->p_rlimit[i].rlim_max > ceiling[i])
			return i;
	return CELLPOLICY_NOLIMIT;
}

/*
 * `which' when new limits raise a process of the cell above its ceiling, or
 * CELLPOLICY_NOLIMIT.  A limit that is above it already may stay or go down.
 */
int
cellpolicy_raises(const struct cellpolicy_tables *t, unsigned int id,
    struct proc *p, const struct rlimit *new, int which)
{
	const struct rlimit *old;
	uint64_t ceiling;

	if (p == NULL || new == NULL || which < 0 ||
	    which >= (int)CELLPOLICY_LIMITS)
		return CELLPOLICY_NOLIMIT;
	ceiling = ceilings(t, id)[which];
	old = &p->p_rlimit[which];
	if ((new->rlim_max > ceiling && new->rlim_max > old->rlim_max) ||
	    (new->rlim_cur > ceiling && new->rlim_cur > old->rlim_cur))
		return which;
	return CELLPOLICY_NOLIMIT;
}
