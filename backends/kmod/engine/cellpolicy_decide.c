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
__CTASSERT(CELLPOLICY_ENDS == 6);
__CTASSERT(2 * CELLPOLICY_PROCESS_POSITIONS <= 64);
__CTASSERT(CELLPOLICY_VNODE_RIGHTS <= 32 && CELLPOLICY_PASSTHRU_RIGHTS <= 4);

static inline unsigned int
verdict(const uint32_t *row, unsigned int position)
{

	return (row[position / CELLPOLICY_VERDICTS] >>
	    (2 * (position % CELLPOLICY_VERDICTS))) & 3;
}

static inline unsigned int
map(const struct cellpolicy_policy *pol, const uint32_t *tops, size_t root,
    size_t key)
{

	return pol->tables.pages[tops[root + key / CELLPOLICY_PAGE] +
	    key % CELLPOLICY_PAGE];
}

static inline const struct cellpolicy_class *
class_of(const struct cellpolicy_policy *pol, size_t id)
{

	return &pol->tables.classes[pol->entry[id].class];
}

const struct cellpolicy_class *
cellpolicy_class(const struct cellpolicy_policy *pol, size_t id)
{

	return class_of(pol, id);
}

/*
 * Requests that carry nothing but themselves, of any scope but process.
 */
unsigned int
cellpolicy_decide(const struct cellpolicy_policy *pol, size_t id,
    const struct cellpolicy_scope *scope, uint64_t action,
    unsigned long request)
{

	return verdict(class_of(pol, id)->row,
	    cellpolicy_position(scope, action, request));
}

static inline unsigned int
process_position(uint64_t action, unsigned long request)
{

	return cellpolicy_position(&cellpolicy_scopes[CELLPOLICY_SCOPE_PROCESS],
	    action, request);
}

/*
 * A process outside the cell, when a map has the verdicts.
 */
static unsigned int __noinline
decide_mapped(const struct cellpolicy_policy *pol,
    const struct cellpolicy_class *c, size_t target, uint64_t action,
    unsigned long request)
{
	const struct cellpolicy_tables *t = &pol->tables;
	uint64_t crossing;

	if (__predict_false((uint32_t)target >= t->n.ids))
		return CELLPOLICY_DENY;
	crossing = t->crossings[map(pol, t->peer_tops,
	    c->named * pol->peer_tops, target)];
	return (crossing >> (2 * process_position(action, request))) & 3;
}

/*
 * A process of the own cell, of another, or (target 0) of the host.
 */
unsigned int
cellpolicy_decide_process(const struct cellpolicy_policy *pol, size_t id,
    size_t target, uint64_t action, unsigned long request)
{
	const struct cellpolicy_class *c;
	const struct cellpolicy_common *common;
	uint64_t crossing;

	c = class_of(pol, id);
	if (target != id &&
	    (c->binds[CELLPOLICY_ENDS] & CELLPOLICY_PEER_MAP) != 0)
		return decide_mapped(pol, c, target, action, request);
	common = &pol->tables.commons[c->common];
	if (target == id)
		crossing = common->own;
	else if (target == 0)
		crossing = common->host;
	else if (__predict_false(pol->entry[target].class == 0))
		return CELLPOLICY_DENY;
	else if (target == c->named)
		crossing = common->named;
	else
		crossing = common->others;
	return (crossing >> (2 * process_position(action, request))) & 3;
}

/*
 * A port with an owner: decided by the owner's verdicts for the owner, and
 * denied to all others.
 */
static unsigned int __noinline
decide_owned(const struct cellpolicy_policy *pol, size_t id, size_t port,
    unsigned int shift)
{
	const struct cellpolicy_owner *o;
	size_t owner;

	owner = pol->owner_of[port];
	if (owner == id)
		return (pol->entry[id].own >> shift) & 3;
	if (owner < pol->ids)
		return CELLPOLICY_DENY;
	o = &pol->tables.owners[owner - pol->ids];
	return o->cell[shift / 2] == id ? (o->listening >> shift) & 3 :
	    CELLPOLICY_DENY;
}

/*
 * A port of the kernel's choice.
 */
unsigned int
cellpolicy_decide_auto(const struct cellpolicy_policy *pol, size_t id,
    unsigned int leaf, unsigned int protocol)
{

	return verdict(class_of(pol, id)->row, CELLPOLICY_AUTO(leaf, protocol));
}

/*
 * What the ends of a class say about a port: three comparisons, not a loop.
 */
static inline unsigned int
decide_free(const struct cellpolicy_policy *pol,
    const struct cellpolicy_class *c, size_t port, unsigned int shift)
{
	const uint16_t n = (uint16_t)port;

	if (n <= c->ends[3]) {
		if (n <= c->ends[1]) {
			if (n <= c->ends[0])
				return (c->binds[0] >> shift) & 3;
			return (c->binds[1] >> shift) & 3;
		}
		if (n <= c->ends[2])
			return (c->binds[2] >> shift) & 3;
		return (c->binds[3] >> shift) & 3;
	}
	if (n <= c->ends[5]) {
		if (n <= c->ends[4])
			return (c->binds[4] >> shift) & 3;
		return (c->binds[5] >> shift) & 3;
	}
	if (__predict_false((c->binds[6] & CELLPOLICY_PORT_MAP) != 0))
		return (map(pol, pol->tables.port_tops,
		    c->ends[0] * CELLPOLICY_PORT_TOPS, port) >> shift) & 3;
	return (c->binds[6] >> shift) & 3;
}

/*
 * A port that is not 0, which says what its leaf is.  `shift' and `with' are
 * CELLPOLICY_BIND() and CELLPOLICY_WITH() of the protocol.
 */
unsigned int
cellpolicy_decide_bind(const struct cellpolicy_policy *pol, size_t id,
    size_t port, unsigned int shift, unsigned int with)
{
	size_t owner;

	if ((uint32_t)port < pol->owned_end) {
		owner = pol->owner_of[port];
		if (owner != 0 && __predict_true(
		    (pol->entry[owner].listens & (uint8_t)with) != 0))
			return decide_owned(pol, id, port, shift);
	}
	return decide_free(pol, class_of(pol, id), port, shift);
}

/*
 * Who is on the host and not root may bind what no cell listens on.
 */
unsigned int
cellpolicy_decide_host_bind(const struct cellpolicy_policy *pol, size_t port,
    unsigned int with)
{

	return (pol->entry[pol->owner_of[port]].listens & with) != 0 ?
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
cellpolicy_decide_socket(const struct cellpolicy_policy *pol, size_t id,
    bool rawsock, int domain, int type, int protocol)
{
	const struct cellpolicy_tables *t = &pol->tables;
	unsigned int i;

	if (rawsock)
		i = t->n.domains * t->n.types;
	else
		i = axis(t->domain_of, t->n.domain_numbers, domain) *
		    t->n.types + axis(t->type_of, t->n.type_numbers, type);
	i = i * t->n.protocols +
	    axis(t->protocol_of, t->n.protocol_numbers, protocol);
	return verdict(t->sockets +
	    t->commons[class_of(pol, id)->common].socket, i);
}

/*
 * A vnode request carries several rights, and flags that are none.  It is
 * denied when any of the rights is.
 */
unsigned int
cellpolicy_decide_vnode(const struct cellpolicy_policy *pol, size_t id,
    uint64_t action)
{

	return (cellpolicy_vnode_rights(action) &
	    class_of(pol, id)->vnode_deny) != 0 ?
	    CELLPOLICY_DENY : CELLPOLICY_DEFER;
}

/*
 * So does a pass-through request, and is granted when all of them are.  With
 * a right that nobody knows it is denied.
 */
unsigned int
cellpolicy_decide_passthru(const struct cellpolicy_policy *pol, size_t id,
    unsigned long bits)
{
	uint32_t rights, sets;

	sets = class_of(pol, id)->passthru;
	rights = cellpolicy_passthru_rights(bits);
	if ((rights & CELLPOLICY_PASSTHRU_DENY(sets)) != 0)
		return CELLPOLICY_DENY;
	if (rights != 0 && (rights & ~CELLPOLICY_PASSTHRU_GRANT(sets)) == 0)
		return CELLPOLICY_ALLOW;
	return CELLPOLICY_DEFER;
}
