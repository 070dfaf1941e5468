/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Which rule decided.  Looks through the rules of one cell: for denials that
 * are about to be logged only.
 */

#include <sys/cdefs.h>
#include <sys/param.h>

#include "cellpolicy_decide.h"

/*
 * The cell with an id; the one with id 0 when there is none.  They are in the
 * order of their ids.
 */
const struct cellpolicy_cell *
cellpolicy_cell(const struct cellpolicy_tables *t, unsigned int id)
{
	uint32_t low, high, middle;

	low = 0;
	high = t->n.cells;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (t->cells[middle].id <= id)
			low = middle;
		else
			high = middle;
	}
	return &t->cells[t->cells[low].id == id ? low : 0];
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

/*
 * The owner of a port, or NULL.
 */
const struct cellpolicy_owner *
cellpolicy_owner(const struct cellpolicy_tables *t, unsigned int port)
{
	unsigned int number;

	number = t->port_of[port];
	return number < t->n.ports ? NULL : &t->owners[number - t->n.ports];
}

static bool
contains(const struct cellpolicy_tables *t, uint32_t set, unsigned int value)
{
	const uint32_t *range;
	uint32_t i;

	range = t->sets + set + 1;
	for (i = 0; i < t->sets[set]; i++)
		if (value >= range[i] >> 16 && value <= (range[i] & 0xffff))
			return true;
	return false;
}

/*
 * Like contains(), for the class of a value on an axis.
 */
static bool
names(const struct cellpolicy_tables *t, uint32_t set, const uint16_t *classes,
    uint32_t n, int value)
{

	return contains(t, set,
	    value >= 0 && (uint32_t)value < n ? classes[value] : 0);
}

static bool
to_matches(const struct cellpolicy_tables *t, const struct cellpolicy_rule *r,
    const struct cellpolicy_question *q)
{
	bool member;

	if (q->kind != CELLPOLICY_PROCESS)
		return false;
	member = contains(t, r->to, q->target);
	if (q->target == q->subject && (r->flags & CELLPOLICY_TO_SELF) != 0)
		member = true;
	return member != ((r->flags & CELLPOLICY_TO_EXCLUDE) != 0);
}

static bool
bind_matches(const struct cellpolicy_tables *t, const struct cellpolicy_rule *r,
    const struct cellpolicy_question *q)
{

	return (r->flags & CELLPOLICY_ON((unsigned)q->protocol)) != 0 &&
	    (r->ports == 0 || contains(t, r->ports, q->port));
}

static bool
socket_matches(const struct cellpolicy_tables *t,
    const struct cellpolicy_rule *r, const struct cellpolicy_question *q)
{
	const uint32_t *sets;

	if (r->socket == 0)
		return true;
	sets = t->sets + r->socket;
	return
	    names(t, sets[0], t->domain_of, t->n.domain_numbers, q->domain) &&
	    names(t, sets[1], t->type_of, t->n.type_numbers, q->type) &&
	    names(t, sets[2], t->protocol_of, t->n.protocol_numbers,
		q->protocol);
}

static bool
rule_matches(const struct cellpolicy_tables *t, const struct cellpolicy_rule *r,
    const struct cellpolicy_question *q, unsigned int column)
{

	if (!contains(t, r->actions, column))
		return false;
	if ((r->flags & CELLPOLICY_TO) != 0 && !to_matches(t, r, q))
		return false;
	switch (q->kind) {
	case CELLPOLICY_BINDING:
		return bind_matches(t, r, q);
	case CELLPOLICY_SOCKET:
	case CELLPOLICY_RAWSOCK:
		return socket_matches(t, r, q);
	default:
		return true;
	}
}

/*
 * The action that a denial names: of several rights the first one denied, of
 * rights none of which is the first.
 */
unsigned int
cellpolicy_column(const struct cellpolicy_tables *t,
    const struct cellpolicy_question *q)
{
	const struct cellpolicy_class *c;
	const uint16_t *columns;
	unsigned int i;
	uint32_t denied;

	c = cellpolicy_class(t, q->subject);
	if (q->kind == CELLPOLICY_VNODE) {
		denied = c->vnode_deny;
		columns = cellpolicy_vnode_columns;
	} else if (q->kind == CELLPOLICY_PASSTHRU) {
		denied = CELLPOLICY_PASSTHRU_DENY(c->passthru);
		columns = cellpolicy_passthru_columns;
	} else
		return q->column;
	denied = (q->rights & denied) != 0 ? q->rights & denied : q->rights;
	for (i = 0; i < 32; i++)
		if ((denied & (1u << i)) != 0)
			return columns[i];
	return CELLPOLICY_COLUMNS;
}

/*
 * The id of the rule that decided a request, or 0 where no rule did.
 */
uint32_t
cellpolicy_explain(const struct cellpolicy_tables *t,
    const struct cellpolicy_question *q)
{
	const struct cellpolicy_cell *c;
	const struct cellpolicy_owner *o;
	const struct cellpolicy_rule *r;
	uint32_t first, n;
	unsigned int column;

	if (q->subject == 0 && q->root)
		return 0;
	if (q->kind == CELLPOLICY_PROCESS && q->target != 0 &&
	    cellpolicy_cell(t, q->target)->id == 0)
		return 0;
	c = cellpolicy_cell(t, q->subject);
	first = c->rules;
	n = c->nrules;
	o = q->kind == CELLPOLICY_BINDING ? cellpolicy_owner(t, q->port) : NULL;
	if (o != NULL && o->cell[q->protocol] != 0) {
		if (o->cell[q->protocol] != q->subject)
			return o->rule[q->protocol];
		first = c->owned;
		n = c->nowned;
	}
	column = cellpolicy_column(t, q);
	for (r = t->rules + first; n > 0; r++, n--)
		if (rule_matches(t, r, q, column))
			return r->id;
	return 0;
}
