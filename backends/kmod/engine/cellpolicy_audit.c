/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Counts denials and tells of them.
 *
 * A listener may hold spin locks of its caller, so it only puts a record into
 * a ring of fixed size; a soft interrupt writes the lines.  The counts are
 * exact.  Lines beyond the rate, or beyond the ring, are counted and the next
 * line of the same cell says how many there were.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/intr.h>
#include <sys/pserialize.h>
#include <sys/syslog.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/timevar.h>

#include "cellpolicy_engine.h"

#define	RECORDS		256u	/* a power of two */
#define	CELL_RATE	10u	/* lines a second from one cell */
#define	TOTAL_RATE	100	/* lines a second */
#define	LINE		256

struct record {
	struct cellpolicy_question q;
	unsigned int	column;
	uint32_t	rule;
	int		limit;
	pid_t		pid;
	uid_t		uid;
	bool		permissive;
};

/*
 * A slot is free for the writer of position `turn', or full for the reader of
 * position `turn' - 1.
 */
static struct slot {
	volatile unsigned int	turn;
	struct record		record;
} ring[RECORDS];
static volatile unsigned int head;	/* next position to write */
static volatile unsigned int tail;	/* next position to read */
static volatile unsigned int draining;
static void *softint;

static bool
put(const struct record *r)
{
	struct slot *slot;
	unsigned int position, turn;

	position = CELLPOLICY_GLANCE(&head);
	for (;;) {
		slot = &ring[position % RECORDS];
		turn = CELLPOLICY_LOAD(&slot->turn);
		if (turn == position &&
		    atomic_cas_uint(&head, position, position + 1) == position)
			break;
		if ((int)(turn - position) < 0)
			return false;
		position = CELLPOLICY_GLANCE(&head);
	}
	slot->record = *r;
	CELLPOLICY_STORE(&slot->turn, position + 1);
	return true;
}

/*
 * Called by one thread at a time.
 */
static bool
get(struct record *r)
{
	struct slot *slot;
	unsigned int position;

	position = CELLPOLICY_GLANCE(&tail);
	slot = &ring[position % RECORDS];
	if (CELLPOLICY_LOAD(&slot->turn) != position + 1)
		return false;
	*r = slot->record;
	CELLPOLICY_STORE(&slot->turn, position + RECORDS);
	CELLPOLICY_STORE(&tail, position + 1);
	return true;
}

/*
 * Whether the cell may have another line this second.
 */
static bool
within_rate(struct cellpolicy_state *st)
{
	unsigned int second, old, new;

	second = (unsigned int)time_uptime << 8;
	do {
		old = CELLPOLICY_GLANCE(&st->window);
		new = (old & ~0xffu) == second ? old + 1 : second + 1;
		if ((new & 0xff) > CELL_RATE)
			return false;
	} while (atomic_cas_uint(&st->window, old, new) != old);
	return true;
}

/*
 * Takes note of a denial, of a resource limit where `limit' is one.  False
 * when the cell is permissive, so that nothing is refused.  Called in a read
 * section.
 */
bool
cellpolicy_denied(const struct cellpolicy_policy *pol,
    const struct cellpolicy_question *q, kauth_cred_t cred, int limit)
{
	struct cellpolicy_state *st;
	struct record r;
	bool permissive;

	st = cellpolicy_state(q->subject);
	permissive = cellpolicy_permissive(&pol->tables, q->subject);
	atomic_inc_ulong(&st->denials);
	if (!within_rate(st)) {
		atomic_inc_uint(&st->suppressed);
		return !permissive;
	}
	r.q = *q;
	r.column = cellpolicy_column(pol, q);
	r.rule = limit == CELLPOLICY_NOLIMIT ? cellpolicy_explain(pol, q) : 0;
	r.limit = limit;
	r.pid = curproc->p_pid;
	r.uid = kauth_cred_geteuid(cred);
	r.permissive = permissive;
	if (!put(&r))
		atomic_inc_uint(&st->suppressed);
	softint_schedule(softint);	/* a read section is not preempted */
	return !permissive;
}

static void
cell_name(unsigned int id, char *name, size_t size)
{
	int s;

	s = pserialize_read_enter();
	strlcpy(name, cellpolicy_cell_name(cellpolicy_tables(), id), size);
	pserialize_read_exit(s);
	if (id == 0)
		strlcpy(name, "host", size);
	else if (name[0] == '?')
		snprintf(name, size, "?%u", id);
}

/*
 * What the request carried.
 */
static void
details(const struct record *r, char *text, size_t size)
{
	static const char *const protocols[] = { "tcp", "udp", "other" };
	char name[CELLPOLICY_NAMELEN];

	text[0] = '\0';
	if (r->limit == (int)CELLPOLICY_LIMIT_PROCESSES)
		strlcpy(text, " limit=processes", size);
	else if (r->limit != CELLPOLICY_NOLIMIT)
		snprintf(text, size, " limit=%s",
		    cellpolicy_limit_names[r->limit]);
	else if (r->q.kind == CELLPOLICY_PROCESS) {
		cell_name(r->q.target, name, sizeof(name));
		snprintf(text, size, " to=%s", name);
	} else if (r->q.kind == CELLPOLICY_BINDING && r->q.port == 0)
		snprintf(text, size, " proto=%s port=auto",
		    protocols[r->q.protocol]);
	else if (r->q.kind == CELLPOLICY_BINDING)
		snprintf(text, size, " proto=%s port=%u",
		    protocols[r->q.protocol], r->q.port);
	else if (r->q.kind == CELLPOLICY_SOCKET ||
	    r->q.kind == CELLPOLICY_RAWSOCK)
		snprintf(text, size, " domain=%d type=%d protocol=%d",
		    r->q.domain, r->q.type, r->q.protocol);
}

static void
report(const struct record *r)
{
	static struct timeval second;
	static int lines;
	char name[CELLPOLICY_NAMELEN], what[LINE], rule[16], more[32];
	struct cellpolicy_state *st;
	unsigned int suppressed;

	st = cellpolicy_state(r->q.subject);
	if (!ppsratecheck(&second, &lines, TOTAL_RATE)) {
		atomic_inc_uint(&st->suppressed);
		return;
	}
	cell_name(r->q.subject, name, sizeof(name));
	details(r, what, sizeof(what));
	snprintf(rule, sizeof(rule), "%08x", r->rule);
	more[0] = '\0';
	suppressed = atomic_swap_uint(&st->suppressed, 0);
	if (suppressed != 0)
		snprintf(more, sizeof(more), " suppressed=%u", suppressed);
	log(LOG_NOTICE, "cellpolicy: %s cell=%s action=%s%s rule=%s pid=%d "
	    "uid=%u%s\n", r->permissive ? "permissive" : "deny", name,
	    cellpolicy_action_names[r->column], what,
	    r->rule != 0 ? rule : "default", (int)r->pid,
	    (unsigned int)r->uid, more);
}

/*
 * Soft interrupts run on several CPUs at once, the ring has one reader.
 */
static void
drain(void *arg)
{
	struct record r;
	unsigned int next;

	(void)arg;
	do {
		if (atomic_cas_uint(&draining, 0, 1) != 0)
			return;
		while (get(&r))
			report(&r);
		(void)atomic_swap_uint(&draining, 0);
		membar_sync();
		next = CELLPOLICY_GLANCE(&tail);
	} while (CELLPOLICY_LOAD(&ring[next % RECORDS].turn) == next + 1);
}

int
cellpolicy_audit_start(void)
{
	unsigned int i;

	for (i = 0; i < RECORDS; i++)
		ring[i].turn = i;
	head = tail = 0;
	softint = softint_establish(SOFTINT_CLOCK | SOFTINT_MPSAFE, drain,
	    NULL);
	return softint != NULL ? 0 : ENOMEM;
}

void
cellpolicy_audit_stop(void)
{

	softint_disestablish(softint);
}
