/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The tables of a policy: what the compiler writes and the engine reads, as
 * C arrays in cellpolicy_tables.c or as an image loaded at run time.
 *
 * All numbers are 16, 32 or 64 bits wide, so that an image is these arrays one
 * after the other.
 */

#ifndef _CELLPOLICY_TABLES_H_
#define	_CELLPOLICY_TABLES_H_

#include <sys/types.h>

#include "cellpolicy_actions.h"

/* Words of a row: one verdict for each position. */
#define	CELLPOLICY_ROW		CELLPOLICY_WORDS(CELLPOLICY_POSITIONS)

/* A verdict of two bits, sixteen to a word. */
#define	CELLPOLICY_DEFER	0u
#define	CELLPOLICY_DENY		1u
#define	CELLPOLICY_ALLOW	2u
#define	CELLPOLICY_VERDICTS	16u
#define	CELLPOLICY_WORDS(verdicts)					\
	(((verdicts) + CELLPOLICY_VERDICTS - 1) / CELLPOLICY_VERDICTS)

/*
 * A map from numbers to numbers in two levels: `tops' has a page for each
 * stretch of keys, `pages' the numbers.  Equal parts of all maps are shared.
 */
#define	CELLPOLICY_PAGE		64u

/* Keys of a map that takes `n', in pages. */
#define	CELLPOLICY_TOPS(n)						\
	(((n) + CELLPOLICY_PAGE - 1) / CELLPOLICY_PAGE)

/* Protocols of network.bind. */
#define	CELLPOLICY_TCP		0u
#define	CELLPOLICY_UDP		1u
#define	CELLPOLICY_OTHER	2u
#define	CELLPOLICY_PROTOCOLS	3u

/* Place of a bind verdict: by leaf (port or privport) and protocol. */
#define	CELLPOLICY_BIND(leaf, protocol)					\
	(2 * ((leaf) * CELLPOLICY_PROTOCOLS + (protocol)))

#define	CELLPOLICY_UNLIMITED	0xffffffffu
#define	CELLPOLICY_MAXID	65535u

/*
 * What cells of one class may do, in one line of the cache.  Class 0 is for
 * ids that the policy does not know; it denies everything.  Position 0 of a
 * row is for requests that nobody knows, and always denies.
 *
 * A crossing is one number, with the verdicts on process actions that leave
 * the cell, which have the first positions.  Number 0 denies all.
 */
struct cellpolicy_class {
	uint32_t	row[CELLPOLICY_ROW];	/* system and own cell */
	uint32_t	vnode_deny;	/* rights */
	uint32_t	passthru;	/* rights: granted << 16 | denied */
	uint32_t	peers;		/* map: target's cell id to crossing */
	uint32_t	ports;		/* map: number of port to verdicts */
	uint32_t	socket;		/* socket row, in words */
};
#define	CELLPOLICY_LINE		64
#define	CELLPOLICY_PASSTHRU_DENY(sets)	((sets) & 0xffff)
#define	CELLPOLICY_PASSTHRU_GRANT(sets)	((sets) >> 16)

/*
 * Ports that no rule and no cell tells apart have one number.  Those that a
 * cell listens on have the greatest, and an owner each.
 */
struct cellpolicy_owner {
	uint32_t	cell[CELLPOLICY_PROTOCOLS];	/* id or 0 */
	uint32_t	rule[CELLPOLICY_PROTOCOLS];	/* the listen rules */
	uint32_t	verdicts;	/* bind verdicts of the owners */
	uint32_t	unused;
};

/* In the order of ids.  Number 0 stands for ids the policy does not know. */
struct cellpolicy_cell {
	uint32_t	id;
	uint32_t	name;		/* in strings */
	uint32_t	flags;
	uint32_t	class;
	uint32_t	processes;	/* cap, or CELLPOLICY_UNLIMITED */
	uint32_t	limits;		/* in ceilings */
	uint32_t	rules;		/* first in rules */
	uint32_t	nrules;
	uint32_t	owned;		/* first of those for its own ports */
	uint32_t	nowned;
};
#define	CELLPOLICY_PERMISSIVE	0x00000001u

/* Which rule decides what: read to explain a denial, never to decide. */
struct cellpolicy_rule {
	uint32_t	id;
	uint32_t	actions;	/* set of columns */
	uint32_t	to;		/* set of cell ids, the host is 0 */
	uint32_t	flags;
	uint32_t	ports;		/* set */
	uint32_t	socket;		/* three sets: domain, type, protocol */
};
#define	CELLPOLICY_TO		0x00000001u	/* `to' applies */
#define	CELLPOLICY_TO_SELF	0x00000002u	/* holds the own cell */
#define	CELLPOLICY_TO_EXCLUDE	0x00000004u	/* all but these */
#define	CELLPOLICY_ON(protocol)	(0x00000008u << (protocol))

/*
 * A set inside `sets': a count, then ranges (low << 16 | high) in order.  For
 * the sets of a rule 0 means that the condition does not narrow it.
 */

/* Single numbers; those without a remark say how many there are. */
struct cellpolicy_numbers {
	uint32_t	policy;		/* name of the policy, in strings */
	uint32_t	flags;		/* CELLPOLICY_PERMISSIVE */
	uint32_t	ids;		/* one more than the greatest */
	uint32_t	ports;		/* numbers of ports that nobody owns */
	uint32_t	owners;
	uint32_t	port_steps;
	uint32_t	cells;
	uint32_t	classes;
	uint32_t	crossings;
	uint32_t	tops;
	uint32_t	pages;		/* numbers in them */
	uint32_t	domain_numbers;	/* entries of domain_of */
	uint32_t	type_numbers;
	uint32_t	protocol_numbers;
	uint32_t	domains;	/* classes on the axis */
	uint32_t	types;
	uint32_t	protocols;
	uint32_t	sockets;	/* words */
	uint32_t	ceilings;	/* rows */
	uint32_t	rules;
	uint32_t	sets;		/* words */
	uint32_t	strings;	/* bytes */
};

/*
 * The members before `n.port_steps' are those of most decisions.  The engine
 * makes the first two: `line_of' has an entry for every id that any policy
 * had since the module was loaded, so that no decision has to ask whether an
 * id is within bounds.
 */
struct cellpolicy_tables {
	const uint32_t	*line_of;	/* by cell id: class, in bytes */
	const uint16_t	*port_of;	/* by port: its number */
	const struct cellpolicy_class *classes;
	const uint32_t	*tops;
	const uint16_t	*pages;
	struct cellpolicy_numbers n;
	const struct cellpolicy_owner *owners;	/* from number n.ports on */
	const uint64_t	*crossings;
	const char	*hash;		/* SHA-256 of the policy, in hex */
	const uint16_t	*port_ends;	/* the last port of each step */
	const uint16_t	*port_numbers;	/* and the number of its ports */
	const uint32_t	*sockets;
	const uint16_t	*domain_of;	/* PF_* to class of domains */
	const uint16_t	*type_of;	/* SOCK_* */
	const uint16_t	*protocol_of;	/* IPPROTO_* */
	const struct cellpolicy_cell *cells;
	const struct cellpolicy_rule *rules;
	const uint32_t	*sets;
	const uint64_t	*ceilings;	/* CELLPOLICY_LIMITS a row */
	const char	*strings;
};

#endif /* !_CELLPOLICY_TABLES_H_ */
