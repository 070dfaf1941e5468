/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The policy in force.  Readers hold a pserialize read section while they use
 * its tables; it is replaced under the sysctl tree lock, so that handlers of
 * sysctl nodes need none.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/kmem.h>
#include <sys/pserialize.h>

#include "cellpolicy_compiled.h"
#include "cellpolicy_engine.h"

static const struct cellpolicy_tables *current;
static void *image;		/* where its tables are, unless compiled in */
static size_t image_size;
static uint64_t generation;
static pserialize_t psz;

int
cellpolicy_policy_start(void)
{
	int error;

	psz = pserialize_create();
	if (psz == NULL)
		return ENOMEM;
	error = cellpolicy_state_adopt(&cellpolicy_compiled);
	if (error != 0) {
		pserialize_destroy(psz);
		return error;
	}
	generation = 1;
	CELLPOLICY_STORE(&current, &cellpolicy_compiled);
	return 0;
}

void
cellpolicy_policy_stop(void)
{

	(void)cellpolicy_replace(&cellpolicy_compiled, NULL, 0);
	pserialize_destroy(psz);
}

/*
 * The tables in force.
 */
const struct cellpolicy_tables *
cellpolicy_tables(void)
{

	return CELLPOLICY_LOAD(&current);
}

/*
 * Counts policies: 1 is the one compiled in.
 */
uint64_t
cellpolicy_generation(void)
{

	return generation;
}

/*
 * Puts other tables in force and frees the memory of the previous ones when
 * no listener uses them any more.  Takes over the memory, unless it fails.
 */
int
cellpolicy_replace(const struct cellpolicy_tables *t, void *memory,
    size_t size)
{
	void *previous;
	size_t previous_size;
	int error;

	error = cellpolicy_state_adopt(t);
	if (error != 0)
		return error;
	previous = image;
	previous_size = image_size;
	CELLPOLICY_STORE(&current, t);
	generation++;
	pserialize_perform(psz);
	image = memory;
	image_size = size;
	if (previous != NULL)
		kmem_free(previous, previous_size);
	return 0;
}
