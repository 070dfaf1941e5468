/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How a request is decided.  Every path is a fixed number of loads, whatever
 * the number of cells.
 */

#include <sys/cdefs.h>
#include <sys/types.h>

#include "cellpolicy_decide.h"

static unsigned int
verdict(const uint32_t *words, unsigned int i)
{

	return (words[i / CELLPOLICY_VERDICTS] >>
	    (2 * (i % CELLPOLICY_VERDICTS))) & 3;
}

static uint32_t
map(const struct cellpolicy_tables *t, uint32_t root, unsigned int key)
{
	uint32_t middle, leaf;

	middle = t->maps[root + (key >> 11)];
	leaf = t->maps[middle + ((key >> 6) & (CELLPOLICY_FANOUT - 1))];
	return t->maps[leaf + (key & (CELLPOLICY_LEAF - 1))];
}

static unsigned int
class_of(const struct cellpolicy_tables *t, unsigned int id)
{

	return id < t->n.ids ? t->class_of[id] : 0;
}

/*
 * The cell with an id; the one with id 0 when there is none.
 */
const struct cellpolicy_cell *
cellpolicy_cell(const struct cellpolicy_tables *t, unsigned int id)
{

	return &t->cells[id < t->n.ids ? t->cell_of[id] : 0];
}

const char *
cellpolicy_cell_name(const struct cellpolicy_tables *t, unsigned int id)
{

	return t->strings + cellpolicy_cell(t, id)->name;
}

bool
cellpolicy_permissive(const struct cellpolicy_tables *t, unsigned int id)
{

	return ((t->n.flags | cellpolicy_cell(t, id)->flags) &
	    CELLPOLICY_PERMISSIVE) != 0;
}

const struct cellpolicy_owner *
cellpolicy_owner(const struct cellpolicy_tables *t, unsigned int port)
{

	return &t->owners[map(t, t->n.owners_map, port)];
}

static unsigned int
process_verdict(const struct cellpolicy_tables *t, unsigned int class,
    const struct cellpolicy_question *q)
{
	uint32_t crossing;

	if (q->target == q->subject)
		return verdict(t->rows + class * CELLPOLICY_ROW, q->column);
	if (q->target == 0)
		crossing = t->classes[class].host;
	else if (class_of(t, q->target) != 0)
		crossing = map(t, t->classes[class].peers, q->target);
	else
		return CELLPOLICY_DENY;
	return verdict(t->crossings + crossing * CELLPOLICY_ROW, q->column);
}

/*
 * Ports that a cell listens on are decided by the owner's verdicts for the
 * owner, and denied to all others.
 */
static unsigned int
bind_verdict(const struct cellpolicy_tables *t,
    const struct cellpolicy_question *q)
{
	const struct cellpolicy_owner *o;
	const struct cellpolicy_class *c;
	uint32_t verdicts;
	unsigned int owner;

	o = cellpolicy_owner(t, q->port);
	owner = q->protocol < (int)CELLPOLICY_OTHER ? o->cell[q->protocol] : 0;
	c = &t->classes[class_of(t, q->subject)];
	if (owner != 0) {
		if (owner != q->subject)
			return CELLPOLICY_DENY;
		verdicts = o->verdicts;
	} else if (q->subject == 0)
		return CELLPOLICY_DEFER;
	else
		verdicts = map(t, c->ports, q->port);
	return (verdicts >> CELLPOLICY_BIND(q->leaf, (unsigned int)q->protocol))
	    & 3;
}

/*
 * Class of a value on an axis; 0 is every value that no rule names.
 */
static unsigned int
axis(const uint16_t *classes, uint32_t n, int value)
{

	return value >= 0 && (uint32_t)value < n ? classes[value] : 0;
}

static unsigned int
socket_verdict(const struct cellpolicy_tables *t,
    const struct cellpolicy_class *c, const struct cellpolicy_question *q)
{
	unsigned int i;

	if (q->kind == CELLPOLICY_RAWSOCK)
		i = t->n.domains * t->n.types;
	else
		i = axis(t->domain_of, t->n.domain_numbers, q->domain) *
		    t->n.types +
		    axis(t->type_of, t->n.type_numbers, q->type);
	i = i * t->n.protocols +
	    axis(t->protocol_of, t->n.protocol_numbers, q->protocol);
	return verdict(t->sockets + c->socket, i);
}

/*
 * A request for several rights is denied when any of them is, and granted
 * only when all of them are.
 */
static unsigned int
rights_verdict(uint32_t rights, uint32_t deny, uint32_t grant)
{

	if ((rights & deny) != 0)
		return CELLPOLICY_DENY;
	if (rights != 0 && (rights & ~grant) == 0)
		return CELLPOLICY_ALLOW;
	return CELLPOLICY_DEFER;
}

/*
 * Processes outside cells: root may do everything, others may neither touch
 * processes in cells nor take the ports that cells listen on.
 */
static unsigned int
host_verdict(const struct cellpolicy_tables *t,
    const struct cellpolicy_question *q)
{

	if (q->root)
		return CELLPOLICY_DEFER;
	if (q->kind == CELLPOLICY_PROCESS)
		return q->target != 0 ? CELLPOLICY_DENY : CELLPOLICY_DEFER;
	if (q->kind == CELLPOLICY_BINDING)
		return bind_verdict(t, q);
	return CELLPOLICY_DEFER;
}

unsigned int
cellpolicy_decide(const struct cellpolicy_tables *t,
    const struct cellpolicy_question *q)
{
	const struct cellpolicy_class *c;
	unsigned int class;

	if (q->subject == 0)
		return host_verdict(t, q);
	class = class_of(t, q->subject);
	if (class == 0)
		return CELLPOLICY_DENY;
	if (q->kind == CELLPOLICY_PLAIN)	/* most of all questions */
		return verdict(t->rows + class * CELLPOLICY_ROW, q->column);
	c = &t->classes[class];
	switch (q->kind) {
	case CELLPOLICY_PROCESS:
		return process_verdict(t, class, q);
	case CELLPOLICY_BINDING:
		return bind_verdict(t, q);
	case CELLPOLICY_SOCKET:
	case CELLPOLICY_RAWSOCK:
		return socket_verdict(t, c, q);
	case CELLPOLICY_VNODE:
		return rights_verdict(q->rights, c->vnode_deny, 0);
	case CELLPOLICY_PASSTHRU:
		return rights_verdict(q->rights, c->passthru_deny,
		    c->passthru_grant);
	default:
		return CELLPOLICY_DENY;
	}
}
