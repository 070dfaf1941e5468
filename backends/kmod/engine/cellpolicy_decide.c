/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How a request is decided.  Every path is a fixed number of loads, whatever
 * the number of cells.  Numbers of actions come from outside and are checked;
 * those in the tables were checked when they were loaded.
 */

#include <sys/cdefs.h>
#include <sys/types.h>

#include "cellpolicy_decide.h"

__CTASSERT(sizeof(struct cellpolicy_class) == CELLPOLICY_LINE);
__CTASSERT(2 * CELLPOLICY_PROCESS_POSITIONS <= 64);

static inline unsigned int
verdict(const uint32_t *row, unsigned int position)
{

	return (row[position / CELLPOLICY_VERDICTS] >>
	    (2 * (position % CELLPOLICY_VERDICTS))) & 3;
}

static inline unsigned int
map(const struct cellpolicy_tables *t, uint32_t root, unsigned int key)
{

	return t->pages[t->tops[root + key / CELLPOLICY_PAGE] +
	    key % CELLPOLICY_PAGE];
}

static inline const struct cellpolicy_class *
class_of(const struct cellpolicy_tables *t, size_t id)
{

	return (const void *)((const char *)t->classes + t->line_of[id]);
}

const struct cellpolicy_class *
cellpolicy_class(const struct cellpolicy_tables *t, size_t id)
{

	return class_of(t, id);
}

/*
 * Requests that carry nothing but themselves, of any scope.
 */
unsigned int
cellpolicy_decide(const struct cellpolicy_tables *t, size_t id,
    const struct cellpolicy_scope *scope, uint64_t action,
    unsigned long request)
{

	return verdict(class_of(t, id)->row,
	    cellpolicy_position(scope, action, request));
}

/*
 * A process of the own cell, of another, or (target 0) of the host.
 */
unsigned int
cellpolicy_decide_process(const struct cellpolicy_tables *t, size_t id,
    size_t target, uint64_t action, unsigned long request)
{
	const struct cellpolicy_class *c;
	unsigned int position;

	c = class_of(t, id);
	position = cellpolicy_position(
	    &cellpolicy_scopes[CELLPOLICY_SCOPE_PROCESS], action, request);
	if (target == id)
		return verdict(c->row, position);
	if (target >= t->n.ids)
		return CELLPOLICY_DENY;
	return (t->crossings[map(t, c->peers, (unsigned int)target)] >>
	    (2 * position)) & 3;
}

/*
 * Ports that a cell listens on are decided by the owner's verdicts for the
 * owner, and denied to all others.
 */
static unsigned int __noinline
decide_owned(const struct cellpolicy_tables *t, size_t id, unsigned int number,
    unsigned int shift, size_t protocol)
{
	const struct cellpolicy_owner *o;

	o = &t->owners[number - t->n.ports];
	if (o->cell[protocol] == id)
		return (o->verdicts >> shift) & 3;
	if (o->cell[protocol] != 0)
		return CELLPOLICY_DENY;
	return (map(t, class_of(t, id)->ports, number) >> shift) & 3;
}

/*
 * `shift' is CELLPOLICY_BIND().
 */
unsigned int
cellpolicy_decide_bind(const struct cellpolicy_tables *t, size_t id,
    size_t port, unsigned int shift, size_t protocol)
{
	unsigned int number;

	number = t->port_of[port];
	if (__predict_false(number >= t->n.ports))
		return decide_owned(t, id, number, shift, protocol);
	return (map(t, class_of(t, id)->ports, number) >> shift) & 3;
}

/*
 * Who is on the host and not root may bind what no cell listens on.
 */
unsigned int
cellpolicy_decide_host_bind(const struct cellpolicy_tables *t, size_t port,
    size_t protocol)
{
	unsigned int number;

	number = t->port_of[port];
	return number >= t->n.ports &&
	    t->owners[number - t->n.ports].cell[protocol] != 0 ?
	    CELLPOLICY_DENY : CELLPOLICY_DEFER;
}

/*
 * Class of a value on an axis; 0 is every value that no rule names.
 */
static unsigned int
axis(const uint16_t *classes, uint32_t n, int value)
{

	return value >= 0 && (uint32_t)value < n ? classes[value] : 0;
}

unsigned int
cellpolicy_decide_socket(const struct cellpolicy_tables *t, size_t id,
    bool rawsock, int domain, int type, int protocol)
{
	unsigned int i;

	if (rawsock)
		i = t->n.domains * t->n.types;
	else
		i = axis(t->domain_of, t->n.domain_numbers, domain) *
		    t->n.types + axis(t->type_of, t->n.type_numbers, type);
	i = i * t->n.protocols +
	    axis(t->protocol_of, t->n.protocol_numbers, protocol);
	return verdict(t->sockets + class_of(t, id)->socket, i);
}

/*
 * A vnode request carries several rights, and flags that are none.  It is
 * denied when any of the rights is.
 */
unsigned int
cellpolicy_decide_vnode(const struct cellpolicy_tables *t, size_t id,
    uint64_t action)
{

	return (cellpolicy_vnode_rights(action) &
	    class_of(t, id)->vnode_deny) != 0 ?
	    CELLPOLICY_DENY : CELLPOLICY_DEFER;
}

/*
 * So does a pass-through request, and is granted when all of them are.  With
 * a right that nobody knows it is denied.
 */
unsigned int
cellpolicy_decide_passthru(const struct cellpolicy_tables *t, size_t id,
    unsigned long bits)
{
	uint32_t rights, sets;

	sets = class_of(t, id)->passthru;
	rights = cellpolicy_passthru_rights(bits);
	if ((rights & CELLPOLICY_PASSTHRU_DENY(sets)) != 0)
		return CELLPOLICY_DENY;
	if (rights != 0 && (rights & ~CELLPOLICY_PASSTHRU_GRANT(sets)) == 0)
		return CELLPOLICY_ALLOW;
	return CELLPOLICY_DEFER;
}
