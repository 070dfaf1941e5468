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
#include <sys/errno.h>
#include <sys/kmem.h>
#include <sys/pserialize.h>
#include <sys/systm.h>

#include "cellpolicy_compiled.h"
#include "cellpolicy_engine.h"

#define	PORTS	(CELLPOLICY_MAXID + 1)

/* The policy in force; the first member is what listeners see. */
static struct cellpolicy_policy {
	struct cellpolicy_tables tables;
	void		*memory;	/* of an image; NULL when compiled in */
	size_t		size;
	uint32_t	ids;
	uint16_t	port_of[PORTS];
	uint32_t	line_of[];	/* for so many ids */
} *policy;
#define	SIZE(n)	(sizeof(struct cellpolicy_policy) + (n) * sizeof(uint32_t))
const struct cellpolicy_tables *cellpolicy_current;
static uint64_t generation;
static pserialize_t psz;

/*
 * Tables that can be used: with a line for every id and a number for every port.  Those of an image
 * own its memory.
 */
static struct cellpolicy_policy *
make(const struct cellpolicy_tables *t, void *memory, size_t size)
{
	struct cellpolicy_policy *new;
	uint32_t i, port, step;

	i = cellpolicy_state_ids();
	new = kmem_zalloc(SIZE(i), KM_SLEEP);
	new->tables = *t;
	new->tables.line_of = new->line_of;
	new->tables.port_of = new->port_of;
	new->ids = i;
	for (i = 1; i < t->n.cells; i++)
		new->line_of[t->cells[i].id] =
		    t->cells[i].class * CELLPOLICY_LINE;
	new->memory = memory;
	new->size = size;
	for (port = step = 0; port < PORTS; port++) {
		if (port > t->port_ends[step])
			step++;
		new->port_of[port] = t->port_numbers[step];
	}
	return new;
}

static void
release(struct cellpolicy_policy *old)
{

	if (old == NULL)
		return;
	if (old->memory != NULL)
		kmem_free(old->memory, old->size);
	kmem_free(old, SIZE(old->ids));
}

static int
put_in_force(const struct cellpolicy_tables *t, void *memory, size_t size)
{
	struct cellpolicy_policy *old;
	int error;

	error = cellpolicy_state_adopt(t);
	if (error != 0)
		return error;
	old = policy;
	policy = make(t, memory, size);
	CELLPOLICY_STORE(&cellpolicy_current, &policy->tables);
	generation++;
	pserialize_perform(psz);
	release(old);
	return 0;
}

int
cellpolicy_policy_start(void)
{
	int error;

	psz = pserialize_create();
	if (psz == NULL)
		return ENOMEM;
	generation = 0;
	error = put_in_force(&cellpolicy_compiled, NULL, 0);
	if (error != 0)
		pserialize_destroy(psz);
	return error;
}

/*
 * No listener is asked any more.
 */
void
cellpolicy_policy_stop(void)
{

	pserialize_perform(psz);
	release(policy);
	policy = NULL;
	pserialize_destroy(psz);
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
 * Puts an image in force, which lies somewhere in the given memory and starts
 * on a line of the cache.  Takes over the memory, unless it fails: with the
 * errors of cellpolicy_image_open(), or EBUSY when a living id gets another
 * name.
 */
int
cellpolicy_load(void *image, size_t length, void *memory, size_t size)
{
	struct cellpolicy_tables t;
	int error;

	memset(&t, 0, sizeof(t));
	error = cellpolicy_image_open(&t, image, length);
	if (error == 0)
		error = put_in_force(&t, memory, size);
	return error;
}
