/*
 * Asks the engine, and a list of cells such as upstream's module walks, the
 * same requests under callgrind.  Linked with the engine as shipped and with
 * the stubs of the kernel in tests/kmod/shim.
 */

#include "cellpolicy_engine.h"
#include "shim.h"

#define	ROUNDS		2000u
#define	LINES_ROUNDS	50u	/* with an argument more */

void	host_zero(void);
void	host_dump(const char *);

/* Upstream's entry: a policy in full for each cell, in one list. */
struct entry {
	struct entry	*next;
	unsigned int	id;
	unsigned int	nports;
	uint16_t	ports[8];
	uint32_t	row[CELLPOLICY_ROW];
	char		rest[504];
};
static struct entry *entries;

static struct request {
	size_t		id, other, target, port, low;
	uint64_t	action;
	unsigned long	request;
} requests[ROUNDS];

/* Which decision is being made, for who watches the memory. */
static volatile size_t	asking;

unsigned int	list_plain(size_t, const struct cellpolicy_scope *, uint64_t,
		    unsigned long);
unsigned int	list_process(size_t, size_t, uint64_t, unsigned long);
unsigned int	list_bind(size_t, size_t);

static inline unsigned int
row_verdict(const uint32_t *row, unsigned int position)
{

	return (row[position / 16] >> (2 * (position % 16))) & 3;
}

unsigned int __noinline
list_plain(size_t id, const struct cellpolicy_scope *scope, uint64_t action,
    unsigned long request)
{
	const struct entry *e;

	for (e = entries; e != NULL; e = e->next)
		if (e->id == id)
			return row_verdict(e->row, cellpolicy_position(scope,
			    action, request));
	return CELLPOLICY_DENY;
}

/* Only processes of the own cell may be touched. */
unsigned int __noinline
list_process(size_t id, size_t target, uint64_t action, unsigned long request)
{

	if (id != target)
		return CELLPOLICY_DENY;
	return list_plain(id, &cellpolicy_scopes[CELLPOLICY_SCOPE_PROCESS],
	    action, request);
}

/* Whose port is it, and if it is nobody's, may I have it? */
unsigned int __noinline
list_bind(size_t id, size_t port)
{
	const struct entry *e;
	unsigned int i;

	for (e = entries; e != NULL; e = e->next)
		for (i = 0; i < e->nports; i++)
			if (e->ports[i] == port)
				return e->id == id ? CELLPOLICY_DEFER :
				    CELLPOLICY_DENY;
	for (e = entries; e != NULL; e = e->next)
		if (e->id == id)
			return row_verdict(e->row, 3);
	return CELLPOLICY_DENY;
}

static void
make_list(const struct cellpolicy_policy *pol)
{
	const struct cellpolicy_tables *t = &pol->tables;
	struct entry *e;
	uint32_t i;

	for (i = t->n.cells; i-- > 1;) {
		e = memset(host_alloc(sizeof(*e)), 0, sizeof(*e));
		e->id = t->cells[i].id;
		e->nports = 1;
		e->ports[0] = (uint16_t)(1024 + i - 1);
		memcpy(e->row, cellpolicy_class(pol, e->id)->row,
		    sizeof(e->row));
		e->next = entries;
		entries = e;
	}
}

/* The list is walked less often the longer it is. */
static unsigned int
walks(const struct cellpolicy_tables *t)
{

	return t->n.cells > 500 ? 50 : ROUNDS;
}

static void
fill(const struct cellpolicy_tables *t)
{
	static const struct { uint64_t action; unsigned long request; } asked[] = {
		{ KAUTH_SYSTEM_MOUNT, KAUTH_REQ_SYSTEM_MOUNT_GET },
		{ KAUTH_SYSTEM_SYSCTL, KAUTH_REQ_SYSTEM_SYSCTL_MODIFY },
		{ KAUTH_SYSTEM_REBOOT, 0 },
		{ KAUTH_SYSTEM_TIME, KAUTH_REQ_SYSTEM_TIME_SYSTEM },
		{ KAUTH_SYSTEM_MKNOD, 0 },
	};
	uint64_t chance;
	unsigned int i, n;

	chance = 1;
	n = t->n.cells - 1;
	for (i = 0; i < ROUNDS; i++) {
		chance = chance * 6364136223846793005u + 1442695040888963407u;
		requests[i].id = 1 + (chance >> 33) % n;
		requests[i].target = 1 + (chance >> 40) % n;
		requests[i].other = 1 + requests[i].id % n;
		requests[i].port = 60000 + (chance >> 52);
		requests[i].low = 1 + (chance >> 50) % 1000;
		requests[i].action = asked[(chance >> 20) % 5].action;
		requests[i].request = asked[(chance >> 20) % 5].request;
	}
}

static void
measure(const struct cellpolicy_policy *pol, unsigned int rounds)
{
	const struct cellpolicy_scope *scopes = cellpolicy_scopes;
	struct request *r;
	unsigned int n = MIN(rounds, walks(&pol->tables));

#define	BIND(id, port, protocol)					\
	cellpolicy_decide_bind(pol, id, port,				\
	    CELLPOLICY_BIND(CELLPOLICY_##protocol),			\
	    CELLPOLICY_WITH(CELLPOLICY_##protocol))
#define	EACH(what, count, call)						\
	host_zero();							\
	for (r = requests; r < requests + (count); r++) {		\
		asking = (size_t)(r - requests) + 1;			\
		(void)(call);						\
		asking = 0;						\
	}								\
	host_dump(what)

	EACH("system", rounds, cellpolicy_decide(pol, r->id,
	    &scopes[CELLPOLICY_SCOPE_SYSTEM], r->action, r->request));
	EACH("device", rounds, cellpolicy_decide(pol, r->id,
	    &scopes[CELLPOLICY_SCOPE_DEVICE], KAUTH_DEVICE_RAWIO_SPEC,
	    KAUTH_REQ_DEVICE_RAWIO_SPEC_READ));
	EACH("machdep", rounds, cellpolicy_decide(pol, r->id,
	    &scopes[CELLPOLICY_SCOPE_MACHDEP], KAUTH_MACHDEP_IOPL, 0));
	EACH("process, own cell", rounds, cellpolicy_decide_process(pol, r->id,
	    r->id, KAUTH_PROCESS_SIGNAL, 15));
	EACH("process, other cell", rounds, cellpolicy_decide_process(pol, r->id,
	    r->target, KAUTH_PROCESS_CANSEE, KAUTH_REQ_PROCESS_CANSEE_ENTRY));
	EACH("process, host", rounds, cellpolicy_decide_process(pol, r->id, 0,
	    KAUTH_PROCESS_PTRACE, 9));
	EACH("bind, left to the kernel", rounds, cellpolicy_decide_auto(pol,
	    r->id, 0, CELLPOLICY_TCP));
	EACH("bind, nobody's port", rounds, BIND(r->id, r->port, TCP));
	EACH("bind, nobody's below others'", rounds, BIND(r->id, r->low, TCP));
	EACH("bind, own port", rounds, BIND(r->id, 1023 + r->id, TCP));
	EACH("bind, other's port", rounds, BIND(r->other, 1023 + r->id, TCP));
	EACH("bind, other protocol", rounds, BIND(r->id, 1023 + r->target,
	    UDP));
	EACH("vnode", rounds, cellpolicy_decide_vnode(pol, r->id,
	    KAUTH_VNODE_READ_DATA | KAUTH_VNODE_EXECUTE));
	EACH("list: system", n, list_plain(r->id,
	    &scopes[CELLPOLICY_SCOPE_SYSTEM], r->action, r->request));
	EACH("list: process", n, list_process(r->id, r->id,
	    KAUTH_PROCESS_SIGNAL, 15));
	EACH("list: bind", n, list_bind(r->id, r->port));
	host_print("%u %u\n", rounds, n);
}

/*
 * Where `asking' is, and the tables beside their head: what there is by port
 * and by id, and the arrays of the image, from the first to the last.
 */
static void
show_memory(const struct cellpolicy_policy *pol)
{
	const struct cellpolicy_tables *t = &pol->tables;

	host_print("%p %p %p %p %p\n", (void *)(uintptr_t)&asking,
	    (const void *)pol->owner_of,
	    (const void *)&pol->entry[pol->ids + t->n.owners],
	    (const void *)t->classes, (const void *)t->strings);
}

/* The listeners of kauth(9), asked by a process in a cell. */
static void
measure_listeners(void)
{
	struct shim_process *s = &shim_processes[7];
	int32_t id = 1;
	unsigned int i;

	shim_process_make(s, 7, NULL);
	shim_curlwp = &s->l[0];
	for (i = 0; i < RLIM_NLIMITS; i++)
		s->limits.pl_rlimit[i].rlim_max =
		    s->limits.pl_rlimit[i].rlim_cur = 0;
	SHIM_ASSERT(shim_sysctl("id", NULL, NULL, &id, sizeof(id)) == 0);
	host_zero();
	for (i = 0; i < ROUNDS; i++)
		(void)shim_ask(KAUTH_SCOPE_SYSTEM, curlwp->l_cred,
		    KAUTH_SYSTEM_MOUNT, (void *)KAUTH_REQ_SYSTEM_MOUNT_GET,
		    NULL, NULL, NULL);
	host_dump("listener: system");
	host_zero();
	for (i = 0; i < ROUNDS; i++)
		(void)shim_ask(KAUTH_SCOPE_PROCESS, curlwp->l_cred,
		    KAUTH_PROCESS_CANSEE, curproc,
		    (void *)KAUTH_REQ_PROCESS_CANSEE_ENTRY, NULL, NULL);
	host_dump("listener: process");
}

int	main(int, char **);

int
main(int argc, char **argv)
{
	size_t size;
	void *image;

	SHIM_ASSERT(argc >= 2);
	shim_boot();
	SHIM_ASSERT(shim_module.mi_modcmd(MODULE_CMD_INIT, NULL) == 0);
	image = host_file(argv[1], &size);
	SHIM_ASSERT(shim_sysctl("load", NULL, NULL, image, size) == 0);
	make_list(cellpolicy_policy());
	fill(cellpolicy_tables());
	if (argc > 2) {
		show_memory(cellpolicy_policy());
		measure(cellpolicy_policy(), LINES_ROUNDS);
		return 0;
	}
	measure(cellpolicy_policy(), ROUNDS);
	measure_listeners();
	return 0;
}
