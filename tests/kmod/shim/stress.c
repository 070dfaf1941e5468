/*
 * TEST STUB: threads that fork, exit, bind, are denied things, enter cells
 * and read what the module tells, while one of them loads policies.
 */

#include "cellpolicy_engine.h"
#include "driver.h"

#define	WORKERS		4u
#define	CHILDREN	12u	/* process slots of each worker */
#define	FIRST		100u	/* the first of them */

static unsigned int rounds, cells, cap;
static unsigned long denied;		/* answers that were DENY */
static kmutex_t tree;			/* the sysctl tree lock */
static void *images[2];
static size_t sizes[2];
static volatile unsigned int working;

static int
node(const char *name, const void *new, size_t size)
{
	int error;

	mutex_enter(&tree);
	error = shim_sysctl(name, NULL, NULL, new, size);
	mutex_exit(&tree);
	return error;
}

static int
ask(const char *scope, kauth_action_t action, const void *arg0,
    const void *arg1, const void *arg2)
{
	int result;

	result = shim_ask(scope, curlwp->l_cred, action, __UNCONST(arg0),
	    __UNCONST(arg1), __UNCONST(arg2), NULL);
	if (result == KAUTH_RESULT_DENY)
		(void)__atomic_add_fetch(&denied, 1, 5);
	return result;
}

/* Binds a port of the house, or one beside it. */
static void
bind_some(unsigned int chance)
{
	struct domain domain = { AF_INET };
	struct protosw protosw = { &domain, IPPROTO_TCP };
	struct socket socket = { &protosw };
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_len = sizeof(address);
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)(8000 + chance % 8));
	(void)ask(KAUTH_SCOPE_NETWORK, KAUTH_NETWORK_BIND,
	    (void *)KAUTH_REQ_NETWORK_BIND_PORT, &socket, &address);
}

static void
fork_some(struct shim_process *parent, struct shim_process *child,
    unsigned int chance)
{
	unsigned int id;

	id = cellpolicy_id(curlwp->l_cred);
	if (ask(KAUTH_SCOPE_PROCESS, KAUTH_PROCESS_FORK, &parent->p, (void *)1,
	    NULL) == KAUTH_RESULT_DENY || chance % 5 == 0)
		return;		/* refused, or it fails later */
	shim_process_make(child, (pid_t)(child - shim_processes), &parent->p);
	SHIM_ASSERT(cellpolicy_id_of_process(&child->p) == id);
	SHIM_ASSERT(__atomic_load_n(&cellpolicy_state(id)->processes, 5) <=
	    cap);
}

static void
step(struct shim_process *own, unsigned int chance)
{
	struct shim_process *other = &own[1 + chance / 16 % (CHILDREN - 1)];

	shim_curlwp = &own->l[0];
	switch (chance % 6) {
	case 0:
	case 1:
		if (!other->used)
			fork_some(own, other, chance / 8);
		break;
	case 2:
		if (other->used)
			shim_process_end(other);
		break;
	case 3:
		bind_some(chance / 8);
		break;
	case 4:
		(void)ask(KAUTH_SCOPE_SYSTEM, KAUTH_SYSTEM_MODULE, NULL, NULL,
		    NULL);
		break;
	default:
		(void)ask(KAUTH_SCOPE_PROCESS, KAUTH_PROCESS_CANSEE,
		    &shim_processes[FIRST + chance % WORKERS * CHILDREN].p,
		    (void *)KAUTH_REQ_PROCESS_CANSEE_ENTRY, NULL);
		break;
	}
}

/* A process that enters a cell, and what becomes of its children. */
static void
work(unsigned int number)
{
	struct shim_process *own = &shim_processes[FIRST + number * CHILDREN];
	int32_t id = (int32_t)(1 + number % cells);
	unsigned int i, chance;
	int error;

	shim_curlwp = &own->l[0];
	while ((error = node("id", &id, sizeof(id))) != 0)
		SHIM_ASSERT(error == EAGAIN);	/* full of the others' */
	chance = 12345 + number;
	for (i = 0; i < rounds; i++) {
		chance = chance * 1103515245u + 12345u;
		step(own, chance >> 8);
	}
	for (i = 1; i < CHILDREN; i++)
		if (own[i].used)
			shim_process_end(&own[i]);
	(void)__atomic_sub_fetch(&working, 1, 5);
}

static void
reload(void)
{
	static char text[4096];
	size_t size;
	int32_t signal[2] = { 1, 9 };
	unsigned int i;

	shim_curlwp = &shim_processes[0].l[0];
	for (i = 0; __atomic_load_n(&working, 5) != 0; i++) {
		SHIM_ASSERT(node("load", images[i % 2], sizes[i % 2]) == 0);
		SHIM_ASSERT(node("signal", signal, sizeof(signal)) == 0);
		mutex_enter(&tree);
		size = sizeof(text);
		SHIM_ASSERT(shim_sysctl("cells", text, &size, NULL, 0) == 0);
		mutex_exit(&tree);
	}
}

static void *
run(void *argument)
{

	shim_thread = (unsigned int)(uintptr_t)argument;
	if (shim_thread <= WORKERS)
		work(shim_thread - 1);
	else if (shim_thread == WORKERS + 1)
		reload();
	else
		while (__atomic_load_n(&working, 5) != 0)
			shim_drain_anyway();
	return NULL;
}

/* stress ROUNDS CELLS CAP IMAGE IMAGE: what was denied, counted and told */
void
driver_stress(void)
{
	unsigned long counted, suppressed;
	unsigned int i;

	rounds = (unsigned int)driver_number(1);
	cells = (unsigned int)driver_number(2);
	cap = (unsigned int)driver_number(3);
	for (i = 0; i < 2; i++)
		images[i] = host_file(driver_words[4 + i], &sizes[i]);
	for (i = 0; i < WORKERS; i++)
		shim_process_make(&shim_processes[FIRST + i * CHILDREN],
		    (pid_t)(FIRST + i * CHILDREN), &shim_processes[0].p);
	shim_threaded = true;
	working = WORKERS;
	host_threads(WORKERS + 2, run);
	shim_drain_anyway();
	for (i = 0; i < WORKERS; i++)
		shim_process_end(&shim_processes[FIRST + i * CHILDREN]);
	shim_curlwp = &shim_processes[0].l[0];
	counted = suppressed = 0;
	for (i = 0; i <= cells; i++) {
		SHIM_ASSERT(cellpolicy_state(i)->processes == 0);
		counted += cellpolicy_state(i)->denials;
		suppressed += cellpolicy_state(i)->suppressed;
	}
	SHIM_ASSERT(!cellpolicy_living());
	for (i = 0; i < 2; i++)
		host_free(images[i]);
	host_print("%lu %lu %lu\n", denied, counted, shim_told + suppressed);
}
