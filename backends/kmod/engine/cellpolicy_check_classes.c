/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Whether classes and what they refer to are valid: no look-up, whatever it
 * is asked, leaves the tables, and what nobody knows is denied.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/kmem.h>

#include "cellpolicy_engine.h"

/* What maps give; a bit in `seen' for pages that have been found valid so. */
#define	CROSSINGS	0x01u
#define	BINDS		0x02u
#define	EVEN		0x5555555555555555ULL
#define	BIND_BITS	0x3fu		/* verdicts on a port */

static bool
verdicts_valid(uint64_t word)
{

	return (word & (word >> 1) & EVEN) == 0;
}

static bool
binds_valid(unsigned int binds)
{

	return (binds & ~BIND_BITS) == 0 && verdicts_valid(binds);
}

static bool
all_verdicts_valid(const uint32_t *words, uint64_t n)
{

	for (; n > 0; words++, n--)
		if (!verdicts_valid(*words))
			return false;
	return true;
}

/*
 * Whether the first `n' verdicts of a row are denials.
 */
static bool
all_denied(const uint32_t *row, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (((row[i / CELLPOLICY_VERDICTS] >>
		    (2 * (i % CELLPOLICY_VERDICTS))) & 3) != CELLPOLICY_DENY)
			return false;
	return true;
}

static bool
page_valid(const struct cellpolicy_tables *t, uint8_t *seen, uint8_t what,
    uint32_t page)
{
	uint32_t i;

	if (page % CELLPOLICY_PAGE != 0 || page >= t->n.pages ||
	    t->n.pages - page < CELLPOLICY_PAGE)
		return false;
	if ((seen[page / CELLPOLICY_PAGE] & what) != 0)
		return true;
	for (i = page; i < page + CELLPOLICY_PAGE; i++)
		if (what == CROSSINGS ? t->pages[i] >= t->n.crossings :
		    !binds_valid(t->pages[i]))
			return false;
	seen[page / CELLPOLICY_PAGE] |= what;
	return true;
}

/*
 * All maps of a kind: their first level has `n' pages.
 */
static bool
tops_valid(const struct cellpolicy_tables *t, uint8_t *seen, uint8_t what,
    const uint32_t *tops, uint64_t n)
{

	for (; n > 0; tops++, n--)
		if (!page_valid(t, seen, what, *tops))
			return false;
	return true;
}

static bool
maps_valid(const struct cellpolicy_tables *t)
{
	uint8_t *seen;
	size_t size;
	bool valid;

	size = t->n.pages / CELLPOLICY_PAGE + 1;
	seen = kmem_zalloc(size, KM_SLEEP);
	valid = tops_valid(t, seen, CROSSINGS, t->peer_tops,
	    (uint64_t)t->n.peer_maps * CELLPOLICY_TOPS(t->n.ids)) &&
	    tops_valid(t, seen, BINDS, t->port_tops,
	    (uint64_t)t->n.port_maps * CELLPOLICY_PORT_TOPS);
	kmem_free(seen, size);
	return valid;
}

static bool
all_below(const uint16_t *numbers, uint32_t n, uint32_t limit)
{

	for (; n > 0; numbers++, n--)
		if (*numbers >= limit)
			return false;
	return true;
}

static bool
axes_valid(const struct cellpolicy_tables *t, uint64_t *socket_words)
{
	uint64_t verdicts;

	if (t->n.domains == 0 || t->n.types == 0 || t->n.protocols == 0 ||
	    t->n.domains > CELLPOLICY_MAXID || t->n.types > CELLPOLICY_MAXID ||
	    t->n.protocols > CELLPOLICY_MAXID)
		return false;
	verdicts = ((uint64_t)t->n.domains * t->n.types + 1) * t->n.protocols;
	*socket_words = howmany(verdicts, CELLPOLICY_VERDICTS);
	return all_below(t->domain_of, t->n.domain_numbers, t->n.domains) &&
	    all_below(t->type_of, t->n.type_numbers, t->n.types) &&
	    all_below(t->protocol_of, t->n.protocol_numbers, t->n.protocols);
}

/*
 * Process verdicts: the first position denies.
 */
static bool
crossing_valid(uint64_t crossing)
{

	return verdicts_valid(crossing) && (crossing & 3) == CELLPOLICY_DENY;
}

static bool
common_valid(const struct cellpolicy_tables *t,
    const struct cellpolicy_common *common, uint64_t socket_words)
{

	return crossing_valid(common->own) && crossing_valid(common->host) &&
	    crossing_valid(common->named) && crossing_valid(common->others) &&
	    common->socket <= t->n.sockets &&
	    socket_words <= t->n.sockets - common->socket;
}

static bool
commons_valid(const struct cellpolicy_tables *t)
{
	uint64_t words;
	uint32_t i;

	if (!axes_valid(t, &words))
		return false;
	for (i = 0; i < t->n.commons; i++)
		if (!common_valid(t, &t->commons[i], words))
			return false;
	for (i = 0; i < t->n.crossings; i++)
		if (!crossing_valid(t->crossings[i]))
			return false;
	return all_verdicts_valid(t->sockets, t->n.sockets);
}

/*
 * The ends are in order, or there is a map instead.
 */
static bool
ends_valid(const struct cellpolicy_tables *t, const struct cellpolicy_class *c)
{
	const unsigned int last = c->binds[CELLPOLICY_ENDS];
	unsigned int i;

	for (i = 0; i < CELLPOLICY_ENDS; i++)
		if (!binds_valid(c->binds[i]))
			return false;
	if (!binds_valid(last & ~(CELLPOLICY_PORT_MAP | CELLPOLICY_PEER_MAP)))
		return false;
	if ((last & CELLPOLICY_PORT_MAP) != 0)
		return c->ends[0] < t->n.port_maps &&
		    all_below(c->ends + 1, CELLPOLICY_ENDS - 1, 1);
	for (i = 1; i < CELLPOLICY_ENDS; i++)
		if (c->ends[i] < c->ends[i - 1])
			return false;
	return true;
}

static bool
class_valid(const struct cellpolicy_tables *t, const struct cellpolicy_class *c)
{

	return c->common < t->n.commons && ends_valid(t, c) &&
	    ((c->binds[CELLPOLICY_ENDS] & CELLPOLICY_PEER_MAP) == 0 ||
	    c->named < t->n.peer_maps) &&
	    (CELLPOLICY_PASSTHRU_DENY(c->passthru) &
	    CELLPOLICY_PASSTHRU_GRANT(c->passthru)) == 0 &&
	    all_verdicts_valid(c->row, CELLPOLICY_ROW) && all_denied(c->row, 1);
}

/*
 * What cells that the policy does not know may do: nothing.
 */
static bool
unknown_denied(const struct cellpolicy_tables *t)
{
	const uint64_t closed =
	    EVEN >> (64 - 2 * CELLPOLICY_PROCESS_POSITIONS);
	const struct cellpolicy_class *c = &t->classes[0];
	const struct cellpolicy_common *common = &t->commons[c->common];
	unsigned int i;

	for (i = 0; i <= CELLPOLICY_ENDS; i++)
		if (c->binds[i] != (BIND_BITS & EVEN))
			return false;
	return all_denied(c->row, CELLPOLICY_AUTO(2, 0)) &&
	    c->vnode_deny == ~0u && c->passthru == 0xf &&
	    common->own == closed && common->host == closed &&
	    common->named == closed && common->others == closed &&
	    all_denied(t->sockets + common->socket, (t->n.domains *
		t->n.types + 1) * t->n.protocols);
}

/*
 * The ids of the tables are valid.  May sleep.
 */
bool
cellpolicy_classes_valid(const struct cellpolicy_tables *t)
{
	uint32_t i;

	if (t->n.classes == 0 || t->n.classes > CELLPOLICY_MAXID + 1 ||
	    !maps_valid(t) || !commons_valid(t))
		return false;
	for (i = 0; i < t->n.classes; i++)
		if (!class_valid(t, &t->classes[i]))
			return false;
	return unknown_denied(t);
}
