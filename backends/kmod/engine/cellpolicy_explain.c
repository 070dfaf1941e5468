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
 * The cell that listens on a port with a protocol, or 0.
 */
static unsigned int
listener(const struct cellpolicy_policy *pol, unsigned int port, int protocol)
{
	unsigned int owner;

	owner = pol->owner_of[port];
	if ((pol->entry[owner].listens &
	    CELLPOLICY_WITH((unsigned)protocol)) == 0)
		return 0;
	return owner < pol->ids ? owner :
	    pol->tables.owners[owner - pol->ids].cell[protocol];
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
cellpolicy_column(const struct cellpolicy_policy *pol,
    const struct cellpolicy_question *q)
{
	const struct cellpolicy_class *c;
	const uint16_t *columns;
	unsigned int i;
	uint32_t denied;

	c = cellpolicy_class(pol, q->subject);
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
 * The first of some rules that is about a request; its id, or 0.
 */
static uint32_t
first_rule(const struct cellpolicy_policy *pol,
    const struct cellpolicy_question *q, uint32_t first, uint32_t n)
{
	const struct cellpolicy_rule *r;
	unsigned int column;

	column = cellpolicy_column(pol, q);
	for (r = pol->tables.rules + first; n > 0; r++, n--)
		if (rule_matches(&pol->tables, r, q, column))
			return r->id;
	return 0;
}

/*
 * The id of the rule that decided a request, or 0 where no rule did.
 */
uint32_t
cellpolicy_explain(const struct cellpolicy_policy *pol,
    const struct cellpolicy_question *q)
{
	const struct cellpolicy_tables *t = &pol->tables;
	const struct cellpolicy_cell *c;
	unsigned int owner;

	if (q->subject == 0 && q->root)
		return 0;
	if (q->kind == CELLPOLICY_PROCESS && q->target != 0 &&
	    cellpolicy_cell(t, q->target)->id == 0)
		return 0;
	owner = q->kind != CELLPOLICY_BINDING ? 0 :
	    listener(pol, q->port, q->protocol);
	c = cellpolicy_cell(t, owner != 0 ? owner : q->subject);
	if (owner == 0)
		return first_rule(pol, q, c->rules, c->nrules);
	if (owner == q->subject)
		return first_rule(pol, q, c->owned, c->nowned);
	return first_rule(pol, q, c->listens, c->nlistens);
}
