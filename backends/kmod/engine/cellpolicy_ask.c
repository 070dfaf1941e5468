/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the kernel asked, in full, for the audit.  The arguments are those
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

static void
ask(struct cellpolicy_question *q, enum cellpolicy_kind kind,
    unsigned int column)
{

	memset(q, 0, sizeof(*q));
	q->kind = kind;
	q->column = column;
}

/*
 * A request that carries nothing but itself.
 */
void
cellpolicy_ask(struct cellpolicy_question *q,
    const struct cellpolicy_scope *scope, uint64_t action,
    unsigned long request)
{
	unsigned int position;

	position = cellpolicy_position(scope, action, request);
	ask(q, position != 0 ? CELLPOLICY_PLAIN : CELLPOLICY_UNKNOWN,
	    scope == &cellpolicy_scopes[CELLPOLICY_SCOPE_PROCESS] ?
	    cellpolicy_process_columns[position] :
	    cellpolicy_columns[position]);
}

void
cellpolicy_ask_passthru(struct cellpolicy_question *q, unsigned long bits)
{

	ask(q, CELLPOLICY_PASSTHRU, CELLPOLICY_COLUMNS);
	q->rights = cellpolicy_passthru_rights(bits);
}

void
cellpolicy_ask_vnode(struct cellpolicy_question *q, uint64_t action)
{

	ask(q, CELLPOLICY_VNODE, CELLPOLICY_COLUMNS);
	q->rights = cellpolicy_vnode_rights(action);
}

void
cellpolicy_ask_process(struct cellpolicy_question *q, uint64_t action,
    unsigned long request, unsigned int target)
{

	cellpolicy_ask(q, &cellpolicy_scopes[CELLPOLICY_SCOPE_PROCESS], action,
	    request);
	if (q->kind == CELLPOLICY_PLAIN)
		q->kind = CELLPOLICY_PROCESS;
	q->target = target;
}

void
cellpolicy_ask_socket(struct cellpolicy_question *q, bool rawsock, int domain,
    int type, int protocol)
{

	ask(q, rawsock ? CELLPOLICY_RAWSOCK : CELLPOLICY_SOCKET, rawsock ?
	    CELLPOLICY_COLUMN_RAWSOCK : CELLPOLICY_COLUMN_SOCKET);
	q->domain = domain;
	q->type = type;
	q->protocol = protocol;
}

void
cellpolicy_ask_bind(struct cellpolicy_question *q,
    const struct cellpolicy_binding *b)
{

	ask(q, b->known ? CELLPOLICY_BINDING : CELLPOLICY_UNKNOWN,
	    b->leaf != 0 ? CELLPOLICY_COLUMN_PRIVPORT : CELLPOLICY_COLUMN_PORT);
	q->leaf = b->leaf;
	q->port = b->port;
	q->protocol = (int)b->protocol;
}

/*
 * Port and protocol of a bind request.  bind(2) passes a complete address.
 * The search for a free port passes candidates in an address of which
 * nothing but the port is set, and that in host order.
 */
void
cellpolicy_read_bind(struct cellpolicy_binding *b, unsigned long request,
    const struct socket *so, const void *address)
{
	const struct sockaddr *sa = address;
	in_port_t port;
	uint8_t length;
	int family;

	b->known = false;
	b->leaf = request == KAUTH_REQ_NETWORK_BIND_PRIVPORT;
	b->port = 0;
	b->protocol = CELLPOLICY_OTHER;
	if (so == NULL || so->so_proto == NULL || address == NULL)
		return;
	family = so->so_proto->pr_domain->dom_family;
	if (family == AF_INET) {
		port = ((const struct sockaddr_in *)address)->sin_port;
		length = sizeof(struct sockaddr_in);
	} else if (family == AF_INET6) {
		port = ((const struct sockaddr_in6 *)address)->sin6_port;
		length = sizeof(struct sockaddr_in6);
	} else
		return;
	if (sa->sa_family == family && sa->sa_len == length)
		port = ntohs(port);
	b->known = true;
	b->port = port;
	if (so->so_proto->pr_protocol == IPPROTO_TCP)
		b->protocol = CELLPOLICY_TCP;
	else if (so->so_proto->pr_protocol == IPPROTO_UDP)
		b->protocol = CELLPOLICY_UDP;
}
