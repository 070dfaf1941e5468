/*
 * TEST STUB: sysctl(9), one level deep.
 */

#include "shim.h"

#define	NODES	32

static struct sysctlnode nodes[NODES];
static unsigned int nnodes;

unsigned int
shim_nodes(void)
{

	return nnodes;
}

int
sysctl_createv(struct sysctllog **log_, int cflags,
    const struct sysctlnode **parent, const struct sysctlnode **made,
    int flags, int type, const char *name, const char *what, sysctlfn handler,
    u_quad_t number, void *data, size_t size, ...)
{
	struct sysctlnode *node;

	(void)what;
	SHIM_ASSERT(log_ != NULL && cflags == 0);
	SHIM_ASSERT(strlen(name) < SYSCTL_NAMELEN);
	SHIM_ASSERT(parent == NULL || *parent != NULL);
	SHIM_ASSERT(nnodes < NODES && size == 0);
	if (shim_fails())
		return EINVAL;
	SHIM_ASSERT(type == CTLTYPE_NODE || handler != NULL || data != NULL ||
	    (flags & CTLFLAG_IMMEDIATE) != 0);
	node = &nodes[nnodes++];
	node->shim_name = name;
	node->sysctl_flags = (uint32_t)(flags | type);
	node->sysctl_func = handler;
	node->sysctl_data = data;
	node->shim_number = number;
	if (type == CTLTYPE_INT)
		node->sysctl_size = sizeof(int);
	else if (type == CTLTYPE_QUAD)
		node->sysctl_size = sizeof(u_quad_t);
	else if (type == CTLTYPE_STRING && data != NULL)
		node->sysctl_size = strlen(data) + 1;
	if (made != NULL)
		*made = node;
	return 0;
}

void
sysctl_teardown(struct sysctllog **log_)
{

	(void)log_;
	nnodes = 0;
}

int
sysctl_copyin(struct lwp *l, const void *from, void *to, size_t size)
{

	(void)l;
	memcpy(to, from, size);
	return 0;
}

int
sysctl_copyout(struct lwp *l, const void *from, void *to, size_t size)
{

	(void)l;
	memcpy(to, from, size);
	return 0;
}

int
sysctl_lookup(SYSCTLFN_ARGS)
{
	const void *from;
	int number, error;
	size_t given;

	(void)name;
	(void)oname;
	SHIM_ASSERT(namelen == 0);
	if (newlen == 0)
		newp = NULL;
	number = (int)rnode->shim_number;
	from = (rnode->sysctl_flags & CTLFLAG_IMMEDIATE) != 0 ? &number :
	    rnode->sysctl_data;
	given = *oldlenp;
	if (oldp != NULL)
		memcpy(oldp, from, MIN(given, rnode->sysctl_size));
	*oldlenp = rnode->sysctl_size;
	if (newp == NULL)
		return 0;
	if ((rnode->sysctl_flags & CTLFLAG_READWRITE) == 0)
		return EPERM;
	error = kauth_authorize_system(l->l_cred, KAUTH_SYSTEM_SYSCTL,
	    KAUTH_REQ_SYSTEM_SYSCTL_MODIFY, NULL, NULL, NULL);
	if (error != 0)
		return error;
	if (newlen != rnode->sysctl_size)
		return EINVAL;
	memcpy(rnode->sysctl_data, newp, newlen);
	return 0;
}

/* sysctlbyname(3) as the current process. */
int
shim_sysctl(const char *which, void *old, size_t *oldlen, const void *new,
    size_t newlen)
{
	struct sysctlnode *node;
	size_t given, none;
	int error;

	none = 0;
	if (oldlen == NULL)
		oldlen = &none;
	given = *oldlen;
	for (node = nodes; node < nodes + nnodes; node++) {
		if (strcmp(node->shim_name, which) != 0 ||
		    SYSCTL_TYPE(node->sysctl_flags) == CTLTYPE_NODE)
			continue;
		error = (node->sysctl_func != NULL ? node->sysctl_func :
		    sysctl_lookup)(NULL, 0, old, oldlen, new, newlen, NULL,
		    curlwp, node);
		if (error == 0 && old != NULL && given < *oldlen)
			error = ENOMEM;
		return error;
	}
	return 2;	/* ENOENT */
}
