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

static struct cellpolicy_policy *policy;
#define	SIZE(entries)							\
	(sizeof(struct cellpolicy_policy) +				\
	(entries) * sizeof(struct cellpolicy_entry))
const struct cellpolicy_policy *cellpolicy_current;
static uint64_t generation;
static pserialize_t psz;

static void
set_entry(struct cellpolicy_entry *e, uint32_t class, uint32_t listening)
{

	e->class = (uint16_t)class;
	e->own = (uint8_t)CELLPOLICY_OWN(listening);
	e->listens = (uint8_t)CELLPOLICY_LISTENS(listening);
}

/*
 * Who listens on each port.  Owners that are no cells come after all ids.
 */
static void
own_ports(struct cellpolicy_policy *pol)
{
	const struct cellpolicy_tables *t = &pol->tables;
	uint32_t i, owner, port;

	for (port = i = 0; port < CELLPOLICY_PORTS; port++) {
		if (port > t->port_ends[i])
			i++;
		owner = t->port_owners[i];
		if (owner >= t->n.ids)
			owner += pol->ids - t->n.ids;
		pol->owner_of[port] = (uint16_t)owner;
		if (owner != 0)
			pol->owned_end = port + 1;
	}
}

/*
 * A policy to decide by, which owns the memory of the image.
 */
static struct cellpolicy_policy *
make(const struct cellpolicy_tables *t, void *memory, size_t size)
{
	struct cellpolicy_policy *new;
	uint32_t i, ids;

	ids = cellpolicy_state_ids();
	new = kmem_zalloc(SIZE(ids + t->n.owners), KM_SLEEP);
	new->tables = *t;
	new->memory = memory;
	new->size = size;
	new->ids = ids;
	new->peer_tops = CELLPOLICY_TOPS(t->n.ids);
	for (i = 1; i < t->n.cells; i++)
		set_entry(&new->entry[t->cells[i].id], t->cells[i].class,
		    t->cells[i].listening);
	for (i = 0; i < t->n.owners; i++)
		set_entry(&new->entry[ids + i], 0, t->owners[i].listening);
	own_ports(new);
	return new;
}

static void
release(struct cellpolicy_policy *old)
{

	if (old == NULL)
		return;
	if (old->memory != NULL)
		kmem_free(old->memory, old->size);
	kmem_free(old, SIZE(old->ids + old->tables.n.owners));
}

static int
put_in_force(const struct cellpolicy_tables *t, void *memory, size_t size)
{
	struct cellpolicy_policy *old;
	int error;

	if (MAX(cellpolicy_state_ids(), t->n.ids) + t->n.owners >
	    CELLPOLICY_PORTS)
		return EFBIG;
	error = cellpolicy_state_adopt(t);
	if (error != 0)
		return error;
	old = policy;
	policy = make(t, memory, size);
	CELLPOLICY_STORE(&cellpolicy_current, policy);
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
 * errors of cellpolicy_image_open(), EBUSY when a living id gets another
 * name, or EFBIG when there are too few numbers for owners of ports beside
 * those of all ids.
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
