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
#include <sys/kmem.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

/* What maps give; a bit in `seen' for what has been found valid as such. */
#define	CROSSINGS	0x01u
#define	VERDICTS	0x02u
#define	EVEN		0x5555555555555555ULL
#define	PAGE_OF(what)	((what) << 4)	/* of a page, not of a map */

static bool
verdicts_valid(uint32_t word)
{

	return (word & (word >> 1) & (uint32_t)EVEN) == 0;
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
	if ((seen[page / CELLPOLICY_PAGE] & PAGE_OF(what)) != 0)
		return true;
	for (i = page; i < page + CELLPOLICY_PAGE; i++)
		if (what == CROSSINGS ? t->pages[i] >= t->n.crossings :
		    !verdicts_valid(t->pages[i]))
			return false;
	seen[page / CELLPOLICY_PAGE] |= PAGE_OF(what);
	return true;
}

/*
 * A map that takes `n' keys.
 */
static bool
map_valid(const struct cellpolicy_tables *t, uint8_t *seen, uint8_t what,
    uint32_t root, uint32_t n)
{
	uint32_t i, tops;

	tops = CELLPOLICY_TOPS(n);
	if (tops > t->n.tops || root > t->n.tops - tops)
		return false;
	if ((seen[root] & what) != 0)
		return true;
	for (i = root; i < root + tops; i++)
		if (!page_valid(t, seen, what, t->tops[i]))
			return false;
	seen[root] |= what;
	return true;
}

static bool
below(const uint16_t *numbers, uint32_t n, uint32_t limit)
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
	return below(t->domain_of, t->n.domain_numbers, t->n.domains) &&
	    below(t->type_of, t->n.type_numbers, t->n.types) &&
	    below(t->protocol_of, t->n.protocol_numbers, t->n.protocols);
}

/*
 * What cells that the policy does not know may do: nothing.
 */
static bool
unknown_denied(const struct cellpolicy_tables *t, uint32_t ports)
{
	const struct cellpolicy_class *c = &t->classes[0];
	uint32_t i;

	for (i = 0; i < ports; i++)
		if ((t->pages[t->tops[c->ports + i / CELLPOLICY_PAGE] +
		    i % CELLPOLICY_PAGE] & 0xfff) != 0x555)
			return false;
	for (i = 0; i < t->n.ids; i++)
		if (t->pages[t->tops[c->peers + i / CELLPOLICY_PAGE] +
		    i % CELLPOLICY_PAGE] != 0)
			return false;
	return all_denied(c->row, CELLPOLICY_POSITIONS) &&
	    c->vnode_deny == ~0u && c->passthru == 0xffff &&
	    t->crossings[0] == (EVEN >>
		(64 - 2 * CELLPOLICY_PROCESS_POSITIONS)) &&
	    all_denied(t->sockets + c->socket, (t->n.domains * t->n.types + 1) *
		t->n.protocols);
}

static bool
classes_valid(const struct cellpolicy_tables *t, uint8_t *seen, uint32_t ports)
{
	const struct cellpolicy_class *c;
	uint64_t words;
	uint32_t i;

	if (t->n.classes == 0 || t->n.classes > CELLPOLICY_MAXID + 1 ||
	    t->n.crossings == 0 || !axes_valid(t, &words))
		return false;
	for (i = 0; i < t->n.classes; i++) {
		c = &t->classes[i];
		if (c->socket + words > t->n.sockets ||
		    !all_verdicts_valid(c->row, CELLPOLICY_ROW) ||
		    !all_denied(c->row, 1) ||
		    !map_valid(t, seen, CROSSINGS, c->peers, t->n.ids) ||
		    !map_valid(t, seen, VERDICTS, c->ports, ports))
			return false;
	}
	for (i = 0; i < t->n.crossings; i++)
		if ((t->crossings[i] & (t->crossings[i] >> 1) & EVEN) != 0 ||
		    (t->crossings[i] & 3) != CELLPOLICY_DENY)
			return false;
	return all_verdicts_valid(t->sockets, t->n.sockets) &&
	    unknown_denied(t, ports);
}

/*
 * Every port has a number, and every number that is an owner's has one.
 */
static bool
ports_valid(const struct cellpolicy_tables *t, uint32_t *ports)
{
	uint32_t i, next;

	if (t->n.ports > CELLPOLICY_MAXID + 1 ||
	    t->n.owners > CELLPOLICY_MAXID + 1 || t->n.port_steps == 0 ||
	    t->port_ends[t->n.port_steps - 1] != CELLPOLICY_MAXID)
		return false;
	*ports = t->n.ports + t->n.owners;
	next = 0;
	for (i = 0; i < t->n.port_steps; i++) {
		if (t->port_ends[i] < next || t->port_numbers[i] >= *ports)
			return false;
		next = (uint32_t)t->port_ends[i] + 1;
	}
	for (i = 0; i < t->n.owners; i++)
		if (!verdicts_valid(t->owners[i].verdicts) ||
		    t->owners[i].cell[CELLPOLICY_OTHER] != 0)
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
cell_valid(const struct cellpolicy_tables *t, const struct cellpolicy_cell *c)
{

	return c->name < t->n.strings && c->limits < t->n.ceilings &&
	    c->class < t->n.classes &&
	    c->nrules <= t->n.rules && c->rules <= t->n.rules - c->nrules &&
	    c->nowned <= t->n.rules && c->owned <= t->n.rules - c->nowned;
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

static bool
maps_valid(const struct cellpolicy_tables *t)
{
	uint32_t ports;
	uint8_t *seen;
	size_t size;
	bool valid;

	if (!ports_valid(t, &ports))
		return false;
	size = MAX(t->n.tops, t->n.pages / CELLPOLICY_PAGE) + 1;
	seen = kmem_zalloc(size, KM_SLEEP);
	valid = classes_valid(t, seen, ports);
	kmem_free(seen, size);
	return valid;
}

/*
 * 0, or EPROTO.  May sleep.
 */
int
cellpolicy_check(const struct cellpolicy_tables *t)
{

	return t->n.strings > 0 && t->strings[t->n.strings - 1] == '\0' &&
	    t->n.policy < t->n.strings && t->n.ceilings > 0 &&
	    cells_valid(t) && maps_valid(t) && rules_valid(t) ? 0 : EPROTO;
}
