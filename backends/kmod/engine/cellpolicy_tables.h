/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The tables of a policy: what the compiler writes and the engine reads, as
 * C arrays in cellpolicy_tables.c or as an image loaded at run time.
 *
 * All numbers are 16 or 32 bits wide (ceilings 64), so that an image is these
 * arrays one after the other.
 */

#ifndef _CELLPOLICY_TABLES_H_
#define	_CELLPOLICY_TABLES_H_

#include <sys/types.h>

#include "cellpolicy_actions.h"

/* A verdict of two bits, sixteen to a word. */
#define	CELLPOLICY_DEFER	0u
#define	CELLPOLICY_DENY		1u
#define	CELLPOLICY_ALLOW	2u
#define	CELLPOLICY_VERDICTS	16u

/* A row: one verdict per column. */
#define	CELLPOLICY_ROW							\
	((CELLPOLICY_COLUMNS + CELLPOLICY_VERDICTS - 1) / CELLPOLICY_VERDICTS)

/*
 * A map from 16 bits to a number: a tree of three levels inside `maps', all
 * positions counted in words.  Equal parts of all maps are shared.
 */
#define	CELLPOLICY_FANOUT	32u	/* upper and middle level */
#define	CELLPOLICY_LEAF		64u	/* lower level */

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
 * What cells of one class may do, besides the class's row of verdicts on the
 * system and the own cell.  A crossing is a row of verdicts on process actions
 * that leave the cell.  Class 0 is for ids that the policy does not know.
 */
struct cellpolicy_class {
	uint32_t	host;		/* crossing: processes outside cells */
	uint32_t	peers;		/* map: target's cell id to crossing */
	uint32_t	ports;		/* map: port to bind verdicts */
	uint32_t	socket;		/* socket row, in words */
	uint32_t	vnode_deny;	/* rights */
	uint32_t	passthru_deny;	/* rights */
	uint32_t	passthru_grant;	/* rights */
};

/* Ports that cells listen on.  Number 0 is nobody's. */
struct cellpolicy_owner {
	uint32_t	cell[2];	/* by protocol: cell id or 0 */
	uint32_t	rule[2];	/* the listen rules */
	uint32_t	verdicts;	/* bind verdicts of the owners */
};

/* Number 0 stands for ids the policy does not know. */
struct cellpolicy_cell {
	uint32_t	id;
	uint32_t	name;		/* in strings */
	uint32_t	flags;
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
	uint32_t	ids;		/* entries of class_of and cell_of */
	uint32_t	cells;
	uint32_t	classes;
	uint32_t	crossings;
	uint32_t	maps;		/* words */
	uint32_t	owners;
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
	uint32_t	owners_map;	/* map: port to owner */
};

struct cellpolicy_tables {
	struct cellpolicy_numbers n;
	const char	*hash;		/* SHA-256 of the policy, in hex */
	const uint16_t	*class_of;	/* by cell id */
	const uint16_t	*cell_of;	/* by cell id */
	const uint32_t	*rows;		/* by class */
	const uint32_t	*crossings;
	const uint32_t	*maps;
	const uint32_t	*sockets;
	const uint16_t	*domain_of;	/* PF_* to class of domains */
	const uint16_t	*type_of;	/* SOCK_* */
	const uint16_t	*protocol_of;	/* IPPROTO_* */
	const struct cellpolicy_class *classes;
	const struct cellpolicy_owner *owners;
	const struct cellpolicy_cell *cells;
	const struct cellpolicy_rule *rules;
	const uint32_t	*sets;
	const uint64_t	*ceilings;	/* CELLPOLICY_LIMITS a row */
	const char	*strings;
};

#endif /* !_CELLPOLICY_TABLES_H_ */
