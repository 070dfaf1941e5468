/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Pure functions over the tables of a policy: no lock, no state, no call.
 *
 * The first ones decide.  Each takes the policy, the cell that asks, which is
 * not 0, and the request in the kernel's own numbers where that will do; the
 * numbers of loads and instructions do not depend on the policy.
 */

#ifndef _CELLPOLICY_DECIDE_H_
#define	_CELLPOLICY_DECIDE_H_

#include "cellpolicy_tables.h"

/* What a request carries besides its action. */
enum cellpolicy_kind {
	CELLPOLICY_PLAIN,	/* nothing */
	CELLPOLICY_PROCESS,	/* target */
	CELLPOLICY_BINDING,	/* leaf, protocol, port */
	CELLPOLICY_SOCKET,	/* domain, type, protocol */
	CELLPOLICY_RAWSOCK,	/* protocol */
	CELLPOLICY_VNODE,	/* rights */
	CELLPOLICY_PASSTHRU,	/* rights */
	CELLPOLICY_UNKNOWN	/* not in the catalogue, or incomplete */
};

/* A request in full: to explain a denial, not to decide. */
struct cellpolicy_question {
	enum cellpolicy_kind kind;
	unsigned int	column;
	unsigned int	subject;	/* cell id; 0 is the host */
	unsigned int	target;		/* cell id of the target process */
	bool		root;		/* the subject's effective uid is 0 */
	unsigned int	leaf;		/* 0 network.bind.port, 1 privport */
	unsigned int	port;		/* 0: left to the kernel */
	int		domain;
	int		type;
	int		protocol;	/* IPPROTO_*; bind: CELLPOLICY_TCP... */
	uint32_t	rights;
};

unsigned int	cellpolicy_decide(const struct cellpolicy_policy *, size_t,
		    const struct cellpolicy_scope *, uint64_t, unsigned long);
unsigned int	cellpolicy_decide_process(const struct cellpolicy_policy *,
		    size_t, size_t, uint64_t, unsigned long);
unsigned int	cellpolicy_decide_auto(const struct cellpolicy_policy *, size_t,
		    unsigned int, unsigned int);
unsigned int	cellpolicy_decide_bind(const struct cellpolicy_policy *, size_t,
		    size_t, unsigned int, unsigned int);
unsigned int	cellpolicy_decide_host_bind(const struct cellpolicy_policy *,
		    size_t, unsigned int);
unsigned int	cellpolicy_decide_socket(const struct cellpolicy_policy *,
		    size_t, bool, int, int, int);
unsigned int	cellpolicy_decide_vnode(const struct cellpolicy_policy *,
		    size_t, uint64_t);
unsigned int	cellpolicy_decide_passthru(const struct cellpolicy_policy *,
		    size_t, unsigned long);
const struct cellpolicy_class *
		cellpolicy_class(const struct cellpolicy_policy *, size_t);

/* cellpolicy_explain.c */
unsigned int	cellpolicy_column(const struct cellpolicy_policy *,
		    const struct cellpolicy_question *);
uint32_t	cellpolicy_explain(const struct cellpolicy_policy *,
		    const struct cellpolicy_question *);
const struct cellpolicy_cell *
		cellpolicy_cell(const struct cellpolicy_tables *, unsigned int);
const char	*cellpolicy_cell_name(const struct cellpolicy_tables *,
		    unsigned int);
bool		cellpolicy_permissive(const struct cellpolicy_tables *,
		    unsigned int);

#endif /* !_CELLPOLICY_DECIDE_H_ */
