/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the kernel asks, as questions to the tables.  The arguments are those
 * that the call sites pass, which is not always what kauth(9) says.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <sys/protosw.h>
#include <sys/domain.h>

#include <netinet/in.h>

#include "cellpolicy_engine.h"

#define	TO_INT(arg)	((int)(uintptr_t)(arg))
#define	TO_ULONG(arg)	((unsigned long)(uintptr_t)(arg))

/*
 * A question about one action; the kind says what else it has to carry.
 */
static void
ask(struct cellpolicy_question *q, unsigned int column)
{

	memset(q, 0, sizeof(*q));
	q->column = column;
	q->kind = cellpolicy_kinds[column];
}

void
cellpolicy_ask_generic(struct cellpolicy_question *q, kauth_action_t action)
{

	ask(q, cellpolicy_generic_column(action, 0));
}

void
cellpolicy_ask_system(struct cellpolicy_question *q, kauth_action_t action,
    void *request)
{

	ask(q, cellpolicy_system_column(action, TO_ULONG(request)));
}

void
cellpolicy_ask_machdep(struct cellpolicy_question *q, kauth_action_t action)
{

	ask(q, cellpolicy_machdep_column(action, 0));
}

/*
 * A pass-through request carries several rights; with one that the tables do
 * not know it is unknown as a whole.
 */
void
cellpolicy_ask_device(struct cellpolicy_question *q, kauth_action_t action,
    void *request)
{
	unsigned long known;

	ask(q, cellpolicy_device_column(action, TO_ULONG(request)));
	if (action != KAUTH_DEVICE_RAWIO_PASSTHRU)
		return;
	known = KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_ALL;
	if ((TO_ULONG(request) & ~known) != 0)
		return;
	q->kind = CELLPOLICY_PASSTHRU;
	q->rights = cellpolicy_passthru_rights(TO_ULONG(request));
}

/*
 * A vnode request carries several rights, and flags that are none.
 */
void
cellpolicy_ask_vnode(struct cellpolicy_question *q, kauth_action_t action)
{

	ask(q, CELLPOLICY_COLUMNS);
	q->kind = CELLPOLICY_VNODE;
	q->rights = cellpolicy_vnode_rights(action);
}

/*
 * The request of a process action is its second argument, with PROCFS the
 * third; what other actions pass there is not one.
 */
void
cellpolicy_ask_process(struct cellpolicy_question *q, kauth_action_t action,
    void *p, void *arg1, void *arg2)
{

	if (action == KAUTH_PROCESS_PROCFS)
		arg1 = arg2;
	ask(q, cellpolicy_process_column(action, TO_ULONG(arg1)));
	q->target = cellpolicy_id_of_process(p);
}

/*
 * Port of a bind request.  bind(2) passes a complete address.  The search
 * for a free port passes candidates in an address of which nothing but the
 * port is set, and that in host order.
 */
static bool
port_of(const struct socket *so, const void *address, unsigned int *port)
{
	const struct sockaddr *sa = address;
	in_port_t found;
	int family;
	uint8_t length;

	family = so->so_proto->pr_domain->dom_family;
	if (family == AF_INET) {
		found = ((const struct sockaddr_in *)address)->sin_port;
		length = sizeof(struct sockaddr_in);
	} else if (family == AF_INET6) {
		found = ((const struct sockaddr_in6 *)address)->sin6_port;
		length = sizeof(struct sockaddr_in6);
	} else
		return false;
	if (sa->sa_family == family && sa->sa_len == length)
		found = ntohs(found);
	*port = found;
	return true;
}

static void
ask_bind(struct cellpolicy_question *q, unsigned long request,
    const struct socket *so, const void *address)
{

	if (so == NULL || so->so_proto == NULL || address == NULL ||
	    !port_of(so, address, &q->port)) {
		q->kind = CELLPOLICY_UNKNOWN;
		return;
	}
	q->leaf = request == KAUTH_REQ_NETWORK_BIND_PRIVPORT;
	switch (so->so_proto->pr_protocol) {
	case IPPROTO_TCP:
		q->protocol = (int)CELLPOLICY_TCP;
		break;
	case IPPROTO_UDP:
		q->protocol = (int)CELLPOLICY_UDP;
		break;
	default:
		q->protocol = (int)CELLPOLICY_OTHER;
		break;
	}
}

void
cellpolicy_ask_network(struct cellpolicy_question *q, kauth_action_t action,
    void *request, void *arg1, void *arg2, void *arg3)
{

	ask(q, cellpolicy_network_column(action, TO_ULONG(request)));
	if (q->kind == CELLPOLICY_BINDING)
		ask_bind(q, TO_ULONG(request), arg1, arg2);
	else if (q->kind == CELLPOLICY_SOCKET ||
	    q->kind == CELLPOLICY_RAWSOCK) {
		q->domain = TO_INT(arg1);
		q->type = TO_INT(arg2);
		q->protocol = TO_INT(arg3);
	}
}
