/*
 * Asks the engine, and a list of cells such as upstream's module walks, the
 * same requests under callgrind.  Linked with the engine as shipped and with
 * the stubs of the kernel in tests/kmod/shim.
 */

#include "cellpolicy_engine.h"
#include "shim.h"

#define	ROUNDS	2000u

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
	size_t		id, target, port;
	uint64_t	action;
	unsigned long	request;
} requests[ROUNDS];

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
make_list(const struct cellpolicy_tables *t)
{
	struct entry *e;
	uint32_t i;

	for (i = t->n.cells; i-- > 1;) {
		e = memset(host_alloc(sizeof(*e)), 0, sizeof(*e));
		e->id = t->cells[i].id;
		e->nports = 1;
		e->ports[0] = (uint16_t)(1024 + i - 1);
		memcpy(e->row, cellpolicy_class(t, e->id)->row,
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
		requests[i].port = 60000 + (chance >> 52);
		requests[i].action = asked[(chance >> 20) % 5].action;
		requests[i].request = asked[(chance >> 20) % 5].request;
	}
}

static void
measure(const struct cellpolicy_tables *t)
{
	const struct cellpolicy_scope *scopes = cellpolicy_scopes;
	const unsigned int tcp = CELLPOLICY_BIND(0, CELLPOLICY_TCP);
	struct request *r;
	unsigned int n = walks(t);

#define	EACH(what, count, call)						\
	host_zero();							\
	for (r = requests; r < requests + (count); r++)			\
		(void)(call);						\
	host_dump(what)

	EACH("system", ROUNDS, cellpolicy_decide(t, r->id,
	    &scopes[CELLPOLICY_SCOPE_SYSTEM], r->action, r->request));
	EACH("device", ROUNDS, cellpolicy_decide(t, r->id,
	    &scopes[CELLPOLICY_SCOPE_DEVICE], KAUTH_DEVICE_RAWIO_SPEC,
	    KAUTH_REQ_DEVICE_RAWIO_SPEC_READ));
	EACH("machdep", ROUNDS, cellpolicy_decide(t, r->id,
	    &scopes[CELLPOLICY_SCOPE_MACHDEP], KAUTH_MACHDEP_IOPL, 0));
	EACH("process, own cell", ROUNDS, cellpolicy_decide_process(t, r->id,
	    r->id, KAUTH_PROCESS_SIGNAL, 15));
	EACH("process, other cell", ROUNDS, cellpolicy_decide_process(t, r->id,
	    r->target, KAUTH_PROCESS_CANSEE, KAUTH_REQ_PROCESS_CANSEE_ENTRY));
	EACH("process, host", ROUNDS, cellpolicy_decide_process(t, r->id, 0,
	    KAUTH_PROCESS_PTRACE, 9));
	EACH("bind, nobody's port", ROUNDS, cellpolicy_decide_bind(t, r->id,
	    r->port, tcp, CELLPOLICY_TCP));
	EACH("bind, own port", ROUNDS, cellpolicy_decide_bind(t, r->id,
	    1023 + r->id, tcp, CELLPOLICY_TCP));
	EACH("bind, other's port", ROUNDS, cellpolicy_decide_bind(t, 0,
	    1023 + r->id, tcp, CELLPOLICY_TCP));
	EACH("bind, other protocol", ROUNDS, cellpolicy_decide_bind(t, r->id,
	    1023 + r->target, CELLPOLICY_BIND(0, CELLPOLICY_UDP),
	    CELLPOLICY_UDP));
	EACH("vnode", ROUNDS, cellpolicy_decide_vnode(t, r->id,
	    KAUTH_VNODE_READ_DATA | KAUTH_VNODE_EXECUTE));
	EACH("list: system", n, list_plain(r->id,
	    &scopes[CELLPOLICY_SCOPE_SYSTEM], r->action, r->request));
	EACH("list: process", n, list_process(r->id, r->id,
	    KAUTH_PROCESS_SIGNAL, 15));
	EACH("list: bind", n, list_bind(r->id, r->port));
	host_print("%u %u\n", ROUNDS, n);
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

	SHIM_ASSERT(argc == 2);
	shim_boot();
	SHIM_ASSERT(shim_modcmd(MODULE_CMD_INIT, NULL) == 0);
	image = host_file(argv[1], &size);
	SHIM_ASSERT(shim_sysctl("load", NULL, NULL, image, size) == 0);
	make_list(cellpolicy_tables());
	fill(cellpolicy_tables());
	measure(cellpolicy_tables());
	measure_listeners();
	return 0;
}
