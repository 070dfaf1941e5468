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
#include <sys/systm.h>

#include "cellpolicy_engine.h"

/* What the numbers in a map mean. */
enum meaning {
	MEANS_CROSSING,
	MEANS_VERDICTS,
	MEANS_OWNER
};

static bool
verdicts_valid(uint32_t word)
{

	return (word & (word >> 1) & 0x55555555u) == 0;
}

static bool
all_verdicts_valid(const uint32_t *words, uint64_t n)
{

	for (; n > 0; words++, n--)
		if (!verdicts_valid(*words))
			return false;
	return true;
}

static bool
number_valid(const struct cellpolicy_tables *t, enum meaning meaning,
    uint32_t number)
{

	switch (meaning) {
	case MEANS_CROSSING:
		return number < t->n.crossings;
	case MEANS_VERDICTS:
		return verdicts_valid(number);
	case MEANS_OWNER:
		return number < t->n.owners;
	}
	return false;
}

/*
 * `seen' has a word for each place where a node may be, with a bit for each
 * level and meaning that has been found valid there: nodes are shared.
 */
static bool
map_valid(const struct cellpolicy_tables *t, uint16_t *seen,
    enum meaning meaning, unsigned int level, uint32_t position)
{
	uint32_t i, n;
	uint16_t bit;

	n = level < 2 ? CELLPOLICY_FANOUT : CELLPOLICY_LEAF;
	if (position % CELLPOLICY_FANOUT != 0 || n > t->n.maps ||
	    position > t->n.maps - n)
		return false;
	bit = (uint16_t)(1u << (3 * meaning + level));
	if ((seen[position / CELLPOLICY_FANOUT] & bit) != 0)
		return true;
	for (i = 0; i < n; i++)
		if (level < 2 ? !map_valid(t, seen, meaning, level + 1,
		    t->maps[position + i]) :
		    !number_valid(t, meaning, t->maps[position + i]))
			return false;
	seen[position / CELLPOLICY_FANOUT] |= bit;
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

static bool
classes_valid(const struct cellpolicy_tables *t, uint16_t *seen)
{
	const struct cellpolicy_class *c;
	uint64_t words;
	uint32_t i;

	if (t->n.classes == 0 || t->n.crossings == 0 || !axes_valid(t, &words))
		return false;
	for (i = 0; i < t->n.classes; i++) {
		c = &t->classes[i];
		if (c->host >= t->n.crossings ||
		    c->socket + words > t->n.sockets ||
		    !map_valid(t, seen, MEANS_CROSSING, 0, c->peers) ||
		    !map_valid(t, seen, MEANS_VERDICTS, 0, c->ports))
			return false;
	}
	return
	    all_verdicts_valid(t->rows, (uint64_t)i * CELLPOLICY_ROW) &&
	    all_verdicts_valid(t->crossings,
		(uint64_t)t->n.crossings * CELLPOLICY_ROW) &&
	    all_verdicts_valid(t->sockets, t->n.sockets);
}

static bool
owners_valid(const struct cellpolicy_tables *t, uint16_t *seen)
{
	uint32_t i;

	for (i = 0; i < t->n.owners; i++)
		if (!verdicts_valid(t->owners[i].verdicts))
			return false;
	return map_valid(t, seen, MEANS_OWNER, 0, t->n.owners_map);
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
	    c->nrules <= t->n.rules && c->rules <= t->n.rules - c->nrules &&
	    c->nowned <= t->n.rules && c->owned <= t->n.rules - c->nowned;
}

/*
 * Every id with a class has a cell of its own, and the other way round.
 */
static bool
cells_valid(const struct cellpolicy_tables *t)
{
	const struct cellpolicy_cell *c;
	uint32_t i, named;

	if (t->n.cells == 0 || t->n.ids == 0 ||
	    t->n.ids > CELLPOLICY_MAXID + 1 || t->cells[0].id != 0 ||
	    !cell_valid(t, &t->cells[0]))
		return false;
	for (i = 1; i < t->n.cells; i++) {
		c = &t->cells[i];
		if (!cell_valid(t, c) || !name_valid(t->strings + c->name) ||
		    c->id >= t->n.ids || t->cell_of[c->id] != i)
			return false;
	}
	named = 0;
	for (i = 0; i < t->n.ids; i++) {
		if ((t->class_of[i] == 0) != (t->cell_of[i] == 0))
			return false;
		named += t->cell_of[i] != 0;
	}
	return named == t->n.cells - 1 && t->class_of[0] == 0 &&
	    below(t->class_of, t->n.ids, t->n.classes) &&
	    below(t->cell_of, t->n.ids, t->n.cells);
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

bool
cellpolicy_check(const struct cellpolicy_tables *t, uint16_t *seen)
{

	return t->n.strings > 0 && t->strings[t->n.strings - 1] == '\0' &&
	    t->n.policy < t->n.strings && t->n.ceilings > 0 &&
	    classes_valid(t, seen) && owners_valid(t, seen) &&
	    cells_valid(t) && rules_valid(t);
}
