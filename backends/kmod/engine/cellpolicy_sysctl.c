/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The nodes below security.models.cellpolicy.
 *
 * Writes hold the sysctl tree lock exclusively, reads hold it shared, so no
 * handler sees the policy change under it.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/kmem.h>
#include <sys/sysctl.h>
#include <sys/syslog.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

#define	INTERFACE	1	/* version of what these nodes mean */
#define	LINE		128	/* the longest line of `cells', and more */

static struct sysctllog *sysctl_log;

/*
 * Begins a node that is written only, by root of the host.  sysctl_lookup()
 * would ask for the permission itself, but knows nothing of such nodes.
 */
static int
write_only(struct lwp *l, u_int namelen, size_t *oldlenp)
{

	if (namelen != 0)
		return EINVAL;
	if (cellpolicy_id(l->l_cred) != 0)
		return EPERM;
	*oldlenp = 0;
	return kauth_authorize_system(l->l_cred, KAUTH_SYSTEM_SYSCTL,
	    KAUTH_REQ_SYSTEM_SYSCTL_MODIFY, NULL, NULL, NULL);
}

static int
node_id(SYSCTLFN_ARGS)
{
	struct sysctlnode node;
	int error, id;

	id = (int)cellpolicy_id(l->l_cred);
	node = *rnode;
	node.sysctl_data = &id;
	error = sysctl_lookup(SYSCTLFN_CALL(&node));
	if (error != 0 || newp == NULL)
		return error;
	return cellpolicy_enter(l, id);
}

static int
node_generation(SYSCTLFN_ARGS)
{
	struct sysctlnode node;
	uint64_t generation;

	generation = cellpolicy_generation();
	node = *rnode;
	node.sysctl_data = &generation;
	return sysctl_lookup(SYSCTLFN_CALL(&node));
}

static int
node_hash(SYSCTLFN_ARGS)
{
	struct sysctlnode node;

	node = *rnode;
	node.sysctl_data = __UNCONST(cellpolicy_tables()->hash);
	node.sysctl_size = strlen(cellpolicy_tables()->hash) + 1;
	return sysctl_lookup(SYSCTLFN_CALL(&node));
}

static int
node_mode(SYSCTLFN_ARGS)
{
	static char permissive[] = "permissive", enforcing[] = "enforcing";
	struct sysctlnode node;
	char *mode;

	mode = (cellpolicy_tables()->n.flags & CELLPOLICY_PERMISSIVE) != 0 ?
	    permissive : enforcing;
	node = *rnode;
	node.sysctl_data = mode;
	node.sysctl_size = strlen(mode) + 1;
	return sysctl_lookup(SYSCTLFN_CALL(&node));
}

static size_t
cell_line(const struct cellpolicy_tables *t, const struct cellpolicy_cell *c,
    char *line, size_t size)
{
	const struct cellpolicy_state *st;

	st = cellpolicy_state(c->id);
	return (size_t)snprintf(line, size, "%u %s %s %u %lu\n", c->id,
	    t->strings + c->name,
	    cellpolicy_permissive(t, c->id) ? "permissive" : "enforcing",
	    CELLPOLICY_GLANCE(&st->processes),
	    CELLPOLICY_GLANCE(&st->denials));
}

/*
 * A line for each cell: id, name, mode, processes, denials.  From inside a
 * cell nothing but its own line is seen.
 */
static int
node_cells(SYSCTLFN_ARGS)
{
	const struct cellpolicy_tables *t;
	unsigned int own;
	size_t size, used;
	uint32_t i;
	char *text;
	int error;

	(void)name;
	(void)oname;
	(void)rnode;
	(void)newlen;
	if (namelen != 0 || newp != NULL)
		return namelen != 0 ? EINVAL : EPERM;
	t = cellpolicy_tables();
	own = cellpolicy_id(l->l_cred);
	size = (size_t)t->n.cells * LINE;
	text = kmem_alloc(size, KM_SLEEP);
	text[0] = '\0';
	used = 0;
	for (i = 1; i < t->n.cells; i++)
		if (own == 0 || own == t->cells[i].id)
			used += cell_line(t, &t->cells[i], text + used,
			    size - used);
	used++;			/* the NUL */
	error = 0;
	if (oldp != NULL)
		error = sysctl_copyout(l, text, oldp, MIN(*oldlenp, used));
	*oldlenp = used;	/* more than given makes it ENOMEM */
	kmem_free(text, size);
	return error;
}

/*
 * Loads an image.  Whatever is wrong with it, the policy in force stays.
 */
static int
node_load(SYSCTLFN_ARGS)
{
	const struct cellpolicy_tables *t;
	void *memory, *image;
	size_t size;
	int error;

	(void)name;
	(void)oldp;
	(void)oname;
	(void)rnode;
	error = write_only(l, namelen, oldlenp);
	if (error != 0 || newp == NULL)
		return error;
	if (newlen > CELLPOLICY_MAXIMAGE)
		return EFBIG;
	size = newlen + CELLPOLICY_LINE;
	memory = kmem_alloc(size, KM_SLEEP);
	image = (void *)roundup2((uintptr_t)memory, CELLPOLICY_LINE);
	error = sysctl_copyin(l, newp, image, newlen);
	if (error == 0)
		error = cellpolicy_load(image, newlen, memory, size);
	if (error != 0) {
		kmem_free(memory, size);
		return error;
	}
	t = cellpolicy_tables();
	log(LOG_NOTICE, "cellpolicy: policy %s in force, hash %s\n",
	    t->strings + t->n.policy, t->hash);
	return 0;
}

/*
 * Two numbers: a cell's id, and a signal for all its processes.
 */
static int
node_signal(SYSCTLFN_ARGS)
{
	int32_t request[2];
	int error;

	(void)name;
	(void)oldp;
	(void)oname;
	(void)rnode;
	error = write_only(l, namelen, oldlenp);
	if (error != 0 || newp == NULL)
		return error;
	if (newlen != sizeof(request))
		return EINVAL;
	error = sysctl_copyin(l, newp, request, sizeof(request));
	if (error != 0)
		return error;
	return request[0] <= 0 ? EINVAL :
	    cellpolicy_signal((unsigned int)request[0], request[1]);
}

static const struct {
	const char	*name;
	int		flags;
	int		type;
	sysctlfn	handler;
	const char	*text;		/* the value, without a handler */
	u_quad_t	number;
	const char	*what;
} nodes[] = {
	{ "name", CTLFLAG_READONLY, CTLTYPE_STRING, NULL, "cellpolicy", 0,
	    "Name of this security model" },
	{ "version", CTLFLAG_READONLY | CTLFLAG_IMMEDIATE, CTLTYPE_INT, NULL,
	    NULL, INTERFACE, "Version of this interface" },
	{ "id", CTLFLAG_READWRITE, CTLTYPE_INT, node_id, NULL, 0,
	    "Cell of the caller; write to enter one" },
	{ "load", CTLFLAG_READWRITE, CTLTYPE_STRUCT, node_load, NULL, 0,
	    "Write a policy image to load it" },
	{ "signal", CTLFLAG_READWRITE, CTLTYPE_STRUCT, node_signal, NULL, 0,
	    "Write a cell and a signal for its processes" },
	{ "generation", CTLFLAG_READONLY, CTLTYPE_QUAD, node_generation, NULL,
	    0, "Counts policies in force; 1 is the one compiled in" },
	{ "hash", CTLFLAG_READONLY, CTLTYPE_STRING, node_hash, NULL, 0,
	    "SHA-256 of the policy in force" },
	{ "mode", CTLFLAG_READONLY, CTLTYPE_STRING, node_mode, NULL, 0,
	    "Whether the policy is enforcing or permissive" },
	{ "cells", CTLFLAG_READONLY, CTLTYPE_STRING, node_cells, NULL, 0,
	    "Id, name, mode, processes and denials of the cells" },
};

static int
create(const struct sysctlnode *parent)
{
	unsigned int i;
	int error;

	for (i = 0; i < __arraycount(nodes); i++) {
		error = sysctl_createv(&sysctl_log, 0, &parent, NULL,
		    nodes[i].flags, nodes[i].type, nodes[i].name,
		    SYSCTL_DESCR(nodes[i].what), nodes[i].handler,
		    nodes[i].number, __UNCONST(nodes[i].text), 0,
		    CTL_CREATE, CTL_EOL);
		if (error != 0)
			return error;
	}
	return 0;
}

int
cellpolicy_sysctl_start(void)
{
	const struct sysctlnode *node;
	int error;

	error = sysctl_createv(&sysctl_log, 0, NULL, &node, CTLFLAG_PERMANENT,
	    CTLTYPE_NODE, "models", NULL, NULL, 0, NULL, 0, CTL_SECURITY,
	    CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = sysctl_createv(&sysctl_log, 0, &node, &node, 0,
		    CTLTYPE_NODE, "cellpolicy",
		    SYSCTL_DESCR("Cell policy"), NULL, 0, NULL, 0,
		    CTL_CREATE, CTL_EOL);
	if (error == 0)
		error = create(node);
	if (error != 0)
		cellpolicy_sysctl_stop();
	return error;
}

void
cellpolicy_sysctl_stop(void)
{

	sysctl_teardown(&sysctl_log);
}
