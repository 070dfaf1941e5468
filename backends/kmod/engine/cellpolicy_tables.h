/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The tables of a policy: what the compiler writes and the engine reads, as
 * C arrays in cellpolicy_tables.c or as an image loaded at run time.
 *
 * All numbers are 8, 16, 32 or 64 bits wide, so that an image is these arrays
 * one after the other.
 */

#ifndef _CELLPOLICY_TABLES_H_
#define	_CELLPOLICY_TABLES_H_

#include <sys/types.h>

#include "cellpolicy_actions.h"

/* Protocols of network.bind. */
#define	CELLPOLICY_TCP		0u
#define	CELLPOLICY_UDP		1u
#define	CELLPOLICY_OTHER	2u
#define	CELLPOLICY_PROTOCOLS	3u

/*
 * Positions in a row: 0 for requests that nobody knows, those of the actions
 * that carry nothing but themselves, and then those of a port that is left to
 * the kernel, by leaf (port or privport) and protocol.
 */
#define	CELLPOLICY_AUTO(leaf, protocol)					\
	(CELLPOLICY_POSITIONS + (leaf) * CELLPOLICY_PROTOCOLS + (protocol))
#define	CELLPOLICY_ROW		CELLPOLICY_WORDS(CELLPOLICY_AUTO(2, 0))

/* A verdict of two bits, sixteen to a word. */
#define	CELLPOLICY_DEFER	0u
#define	CELLPOLICY_DENY		1u
#define	CELLPOLICY_ALLOW	2u
#define	CELLPOLICY_VERDICTS	16u
#define	CELLPOLICY_WORDS(verdicts)					\
	(((verdicts) + CELLPOLICY_VERDICTS - 1) / CELLPOLICY_VERDICTS)

/* Place of a protocol's verdict on a port, and of the protocol in a set. */
#define	CELLPOLICY_BIND(protocol)	(2 * (protocol))
#define	CELLPOLICY_WITH(protocol)	(1u << (protocol))

#define	CELLPOLICY_UNLIMITED	0xffffffffu
#define	CELLPOLICY_MAXID	65535u

/*
 * What cells of one class may do, in one line of the cache.  Class 0 is for
 * ids that the policy does not know; it denies everything.
 *
 * Ports up to ends[0], those up to ends[1] and so on, and those beyond the
 * last end, have a verdict a protocol each.  Flags with the last ones say
 * that there is more than a line holds: where ports are told apart more often,
 * ends[0] is the number of a map from ports to such verdicts, and the other
 * ends are 0; where several cells are told apart as targets, `named' is the
 * number of a map from cell ids to crossings.
 */
#define	CELLPOLICY_ENDS		6
struct cellpolicy_class {
	uint32_t	row[CELLPOLICY_ROW];
	uint32_t	vnode_deny;	/* rights */
	uint16_t	common;
	uint16_t	named;		/* id of the cell told apart, or 0 */
	uint16_t	ends[CELLPOLICY_ENDS];
	uint8_t		binds[CELLPOLICY_ENDS + 1];
	uint8_t		passthru;	/* rights: granted << 4 | denied */
};
#define	CELLPOLICY_LINE		64
#define	CELLPOLICY_PORT_MAP	0x80u	/* flags of binds[ENDS] */
#define	CELLPOLICY_PEER_MAP	0x40u
#define	CELLPOLICY_PASSTHRU_DENY(sets)	((sets) & 0xfu)
#define	CELLPOLICY_PASSTHRU_GRANT(sets)	((sets) >> 4)

/*
 * What many classes have in common: verdicts on process actions by where the
 * target is, those of the first position always denials, and on sockets.
 */
struct cellpolicy_common {
	uint64_t	own;		/* in the cell itself */
	uint64_t	host;
	uint64_t	named;
	uint64_t	others;
	uint64_t	socket;		/* row, in words of `sockets' */
};

/*
 * A map from numbers to numbers in two levels: for each stretch of keys the
 * place of a page in `pages', of which every distinct one stands once.  All
 * maps of ports are of one length, and so are all maps of cell ids.  Crossings
 * are like the words of a common record; number 0 denies all.
 */
#define	CELLPOLICY_PAGE		64u
#define	CELLPOLICY_TOPS(keys)						\
	(((keys) + CELLPOLICY_PAGE - 1) / CELLPOLICY_PAGE)
#define	CELLPOLICY_PORTS	(CELLPOLICY_MAXID + 1)
#define	CELLPOLICY_PORT_TOPS	CELLPOLICY_TOPS(CELLPOLICY_PORTS)

/*
 * Owners of ports are numbers: that of a cell is its id, and stands for the
 * protocols and verdicts in its record.  Other combinations come after the
 * ids, in this array.
 */
struct cellpolicy_owner {
	uint16_t	cell[CELLPOLICY_OTHER];	/* id or 0 */
	uint16_t	listening;
};

/*
 * How ports are listened on: the owner's own verdicts by CELLPOLICY_BIND, and
 * with which protocols.
 */
#define	CELLPOLICY_OWN(listening)	((listening) & 0x3fu)
#define	CELLPOLICY_LISTENS(listening)	((listening) >> 6)

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
	uint32_t	listens;	/* first of those by which it listens */
	uint32_t	nlistens;
	uint32_t	listening;
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
	uint32_t	ids;		/* one more than the greatest */
	uint32_t	policy;		/* name of the policy, in strings */
	uint32_t	flags;		/* CELLPOLICY_PERMISSIVE */
	uint32_t	port_steps;
	uint32_t	owners;
	uint32_t	cells;
	uint32_t	classes;
	uint32_t	commons;
	uint32_t	port_maps;
	uint32_t	peer_maps;
	uint32_t	pages;		/* numbers in them */
	uint32_t	crossings;
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
 * The members before `n.policy' are those of most decisions.
 */
struct cellpolicy_tables {
	const struct cellpolicy_class *classes;
	const struct cellpolicy_common *commons;
	const uint32_t	*port_tops;
	const uint32_t	*peer_tops;
	const uint16_t	*pages;
	const uint64_t	*crossings;
	struct cellpolicy_numbers n;
	const char	*hash;		/* SHA-256 of the policy, in hex */
	const uint16_t	*port_ends;	/* the last port of each step */
	const uint16_t	*port_owners;	/* and the owner of its ports, or 0 */
	const struct cellpolicy_owner *owners;	/* from number n.ids on */
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

/*
 * What the engine makes of tables to decide by them.  There is an entry for
 * every id that any policy had since the module was loaded, so that no
 * decision has to ask whether an id is within bounds, and after those one for
 * each owner that is no cell.
 */
struct cellpolicy_entry {
	uint16_t	class;
	uint8_t		own;		/* CELLPOLICY_OWN */
	uint8_t		listens;	/* CELLPOLICY_LISTENS */
};
struct cellpolicy_policy {
	uint32_t	owned_end;	/* no port from here on has an owner */
	uint32_t	peer_tops;	/* pages of a map of cell ids */
	struct cellpolicy_tables tables;
	void		*memory;	/* of an image; NULL when compiled in */
	size_t		size;
	uint32_t	ids;		/* entries of ids */
	uint16_t	owner_of[CELLPOLICY_PORTS];
	struct cellpolicy_entry entry[];
};

#endif /* !_CELLPOLICY_TABLES_H_ */
