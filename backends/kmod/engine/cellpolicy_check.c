/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Whether tables refer only to what is there, so that no look-up, whatever
 * it is asked, leaves them.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>

#include "cellpolicy_engine.h"

/*
 * How a port is listened on: with tcp, udp or both, and the owner's verdicts.
 */
static bool
listening_valid(uint32_t listening)
{

	return (listening & ~0xcfu) == 0 &&
	    (listening & (listening >> 1) & 0x5) == 0;
}

/*
 * Every port has an owner, which is a cell's id, one after these, or 0.
 */
static bool
owners_valid(const struct cellpolicy_tables *t)
{
	uint32_t i, next;

	if (t->n.owners > CELLPOLICY_MAXID + 1 || t->n.port_steps == 0 ||
	    t->port_ends[t->n.port_steps - 1] != CELLPOLICY_MAXID)
		return false;
	next = 0;
	for (i = 0; i < t->n.port_steps; i++) {
		if (t->port_ends[i] < next ||
		    t->port_owners[i] >= t->n.ids + t->n.owners)
			return false;
		next = (uint32_t)t->port_ends[i] + 1;
	}
	for (i = 0; i < t->n.owners; i++)
		if (!listening_valid(t->owners[i].listening))
			return false;
	return true;
}

/*
 * The name of a cell: letters, digits, `-' and `_', and not too long.
 */
static bool
name_valid(const char *name)
{
	size_t n;

	for (n = 0; name[n] != '\0'; n++)
		if (n + 1 == CELLPOLICY_NAMELEN || !((name[n] >= 'a' &&
		    name[n] <= 'z') || (name[n] >= 'A' && name[n] <= 'Z') ||
		    (name[n] >= '0' && name[n] <= '9') || name[n] == '-' ||
		    name[n] == '_'))
			return false;
	return n > 0;
}

static bool
span_valid(const struct cellpolicy_tables *t, uint32_t first, uint32_t n)
{

	return n <= t->n.rules && first <= t->n.rules - n;
}

static bool
cell_valid(const struct cellpolicy_tables *t, const struct cellpolicy_cell *c)
{

	return c->name < t->n.strings && c->limits < t->n.ceilings &&
	    c->class < t->n.classes &&
	    span_valid(t, c->rules, c->nrules) &&
	    span_valid(t, c->owned, c->nowned) &&
	    span_valid(t, c->listens, c->nlistens) &&
	    listening_valid(c->listening);
}

/*
 * Ids are in order, the greatest is the last, and none is in class 0, which
 * is that of number 0 alone.
 */
static bool
cells_valid(const struct cellpolicy_tables *t)
{
	const struct cellpolicy_cell *c;
	uint32_t i;

	if (t->n.cells == 0 || t->n.ids > CELLPOLICY_MAXID + 1 ||
	    t->cells[0].id != 0 || t->cells[0].class != 0 ||
	    !cell_valid(t, &t->cells[0]))
		return false;
	for (i = 1; i < t->n.cells; i++) {
		c = &t->cells[i];
		if (!cell_valid(t, c) || !name_valid(t->strings + c->name) ||
		    c->id <= t->cells[i - 1].id || c->class == 0)
			return false;
	}
	return t->n.ids == t->cells[t->n.cells - 1].id + 1;
}

static bool
set_valid(const struct cellpolicy_tables *t, uint32_t set)
{

	return set < t->n.sets && t->sets[set] < t->n.sets - set;
}

static bool
rules_valid(const struct cellpolicy_tables *t)
{
	const struct cellpolicy_rule *r;
	uint32_t i, axis;

	for (i = 0; i < t->n.rules; i++) {
		r = &t->rules[i];
		if (!set_valid(t, r->actions) || !set_valid(t, r->to) ||
		    !set_valid(t, r->ports))
			return false;
		if (r->socket == 0)
			continue;
		for (axis = 0; axis < 3; axis++)
			if (t->n.sets < 3 || r->socket > t->n.sets - 3 ||
			    !set_valid(t, t->sets[r->socket + axis]))
				return false;
	}
	return true;
}

/*
 * 0, or EPROTO.  May sleep.
 */
int
cellpolicy_check(const struct cellpolicy_tables *t)
{

	return t->n.strings > 0 && t->strings[t->n.strings - 1] == '\0' &&
	    t->n.policy < t->n.strings && t->n.ceilings > 0 &&
	    cells_valid(t) && cellpolicy_classes_valid(t) &&
	    owners_valid(t) && rules_valid(t) ? 0 : EPROTO;
}
