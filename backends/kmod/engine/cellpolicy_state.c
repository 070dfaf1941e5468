/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * State by cell id, in pages that are made when a policy first names an id
 * and stay until the module is unloaded.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/kmem.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

#define	PAGE_IDS	256u
#define	PAGES		((CELLPOLICY_MAXID + PAGE_IDS) / PAGE_IDS)

static struct cellpolicy_state *pages[PAGES];
static unsigned int ids;	/* one more than the greatest ever named */
static volatile unsigned int living;	/* ids that a credential carries */

static void
add_page(unsigned int id)
{
	struct cellpolicy_state *page;

	if (pages[id / PAGE_IDS] != NULL)
		return;
	page = kmem_zalloc(PAGE_IDS * sizeof(*page), KM_SLEEP);
	CELLPOLICY_STORE(&pages[id / PAGE_IDS], page);
}

/*
 * The state of an id; of the host's when no policy ever named the id.
 */
struct cellpolicy_state *
cellpolicy_state(unsigned int id)
{
	struct cellpolicy_state *page;

	page = id <= CELLPOLICY_MAXID ?
	    CELLPOLICY_LOAD(&pages[id / PAGE_IDS]) : NULL;
	return page != NULL ? &page[id % PAGE_IDS] : &pages[0][0];
}

/*
 * Makes room for all ids of a policy.  EBUSY when it gives a living id
 * another name; nothing is changed then.
 */
int
cellpolicy_state_adopt(const struct cellpolicy_tables *t)
{
	struct cellpolicy_state *st;
	uint32_t i;

	for (i = 1; i < t->n.cells; i++) {
		add_page(t->cells[i].id);
		st = cellpolicy_state(t->cells[i].id);
		if (CELLPOLICY_GLANCE(&st->credentials) != 0 &&
		    strcmp(st->name, t->strings + t->cells[i].name) != 0)
			return EBUSY;
	}
	for (i = 1; i < t->n.cells; i++) {
		st = cellpolicy_state(t->cells[i].id);
		strlcpy(st->name, t->strings + t->cells[i].name,
		    sizeof(st->name));
	}
	ids = MAX(ids, t->n.ids);
	return 0;
}

/*
 * One more than the greatest id that any policy had.
 */
unsigned int
cellpolicy_state_ids(void)
{

	return ids;
}

/*
 * Whether any credential carries a cell id.
 */
bool
cellpolicy_living(void)
{

	return CELLPOLICY_GLANCE(&living) != 0;
}

/*
 * One more credential carries the id.  Done before others can see it.
 */
void
cellpolicy_carry(unsigned int id)
{

	if (atomic_inc_uint_nv(&cellpolicy_state(id)->credentials) == 1)
		atomic_inc_uint(&living);
}

void
cellpolicy_uncarry(unsigned int id)
{

	if (atomic_dec_uint_nv(&cellpolicy_state(id)->credentials) == 0)
		atomic_dec_uint(&living);
}

int
cellpolicy_state_start(void)
{

	add_page(0);
	ids = 1;
	return 0;
}

void
cellpolicy_state_stop(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		if (pages[i] != NULL)
			kmem_free(pages[i], PAGE_IDS * sizeof(*pages[i]));
		pages[i] = NULL;
	}
}
