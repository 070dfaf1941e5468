/*
 * TEST STUB: a kernel of one CPU for the engine.  It asserts what a kernel
 * with DIAGNOSTIC and LOCKDEBUG would: no sleeping in read sections, under
 * p_lock or in listeners, no lock taken twice, ALLOW for credential events.
 */

#include "shim.h"

struct kauth_listener {
	const char		*scope;
	kauth_scope_callback_t	callback;
};

#define	LISTENERS	16
#define	LINES		1024

struct shim_process shim_processes[SHIM_PROCS];
__thread struct lwp *shim_curlwp;
struct proclist allproc;
__thread bool shim_no_sleep;
int shim_fail = -1;
time_t time_uptime = 1000;
#if SHIM_RELEASE >= 1000
kmutex_t proc_lock;
#else
static kmutex_t proc_lock_object;
kmutex_t *proc_lock = &proc_lock_object;
#endif

static struct kauth_listener *listeners[LISTENERS];
static unsigned int nlisteners, keys, models, allocations, locks;
static __thread int read_sections;
static __thread int preemption;
static specificdata_dtor_t lwp_dtor;
static void (*exit_hook)(struct proc *, void *);
static void (*softint)(void *);
static bool softint_pending;
static char lines[LINES][256];
static unsigned int nlines;

/*
 * For tests of a start that fails: the n-th thing that can fail does.
 */
static bool
fails(void)
{

	return shim_fail >= 0 && shim_fail-- == 0;
}

static void
assert_sleepable(void)
{

	SHIM_ASSERT(read_sections == 0);
	SHIM_ASSERT(!shim_no_sleep);
}

/* What is left after the module is gone: should be nothing. */
unsigned int
shim_leftovers(void)
{

	return allocations + locks + nlisteners + keys + models +
	    (exit_hook != NULL) + (softint != NULL) + shim_nodes();
}

void *
kmem_alloc(size_t size, int flags)
{

	SHIM_ASSERT(flags == KM_SLEEP && size > 0);
	assert_sleepable();
	SHIM_ASSERT(shim_curlwp == NULL || !curproc->p_lock->owned);
	allocations++;
	return host_alloc(size);
}

void *
kmem_zalloc(size_t size, int flags)
{

	return memset(kmem_alloc(size, flags), 0, size);
}

void
kmem_free(void *p, size_t size)
{

	SHIM_ASSERT(p != NULL);
	memset(p, 0xa5, size);	/* the sanitizer sees a wrong size */
	allocations--;
	host_free(p);
}

void
mutex_init(kmutex_t *m, int type, int ipl)
{

	(void)type;
	(void)ipl;
	locks++;
	m->owned = 0;
}

void
mutex_destroy(kmutex_t *m)
{

	SHIM_ASSERT(!m->owned);
	locks--;
}

void
mutex_enter(kmutex_t *m)
{

	assert_sleepable();
	SHIM_ASSERT(!m->owned);
	m->owned = 1;
}

void
mutex_exit(kmutex_t *m)
{

	SHIM_ASSERT(m->owned);
	m->owned = 0;
}

pserialize_t
pserialize_create(void)
{

	if (fails())
		return NULL;
	locks++;
	return (pserialize_t)&locks;
}

void
pserialize_destroy(pserialize_t psz)
{

	(void)psz;
	locks--;
}

void
pserialize_perform(pserialize_t psz)
{

	(void)psz;
	assert_sleepable();
}

int
pserialize_read_enter(void)
{

	return read_sections++;
}

void
pserialize_read_exit(int s)
{

	SHIM_ASSERT(--read_sections == s);
}

void
log(int level, const char *format, ...)
{
	va_list args;

	(void)level;
	SHIM_ASSERT(read_sections == 0 && !shim_no_sleep);
	SHIM_ASSERT(nlines < LINES);
	va_start(args, format);
	host_vformat(lines[nlines++], sizeof(lines[0]), format, args);
	va_end(args);
}

unsigned int
shim_log_lines(void)
{
	unsigned int n;

	n = nlines;
	nlines = 0;
	return n;
}

const char *
shim_log_line(unsigned int i)
{

	return lines[i];
}

void *
softint_establish(u_int flags, void (*handler)(void *), void *arg)
{

	(void)flags;
	(void)arg;
	if (fails())
		return NULL;
	softint = handler;
	return &softint;
}

void
softint_disestablish(void *handle)
{

	SHIM_ASSERT(handle == &softint);
	softint = NULL;
	softint_pending = false;
}

void
softint_schedule(void *handle)
{

	SHIM_ASSERT(handle == &softint && preemption > 0);
	softint_pending = true;
}

void
shim_drain(void)
{

	if (softint_pending) {
		softint_pending = false;
		softint(NULL);
	}
}

/* As another CPU would, whether it is pending here or not. */
void
shim_drain_anyway(void)
{

	softint(NULL);
}

void
kpreempt_disable(void)
{

	preemption++;
}

void
kpreempt_enable(void)
{

	preemption--;
}

int
ppsratecheck(struct timeval *last, int *n, int most)
{

	if (last->tv_sec != time_uptime) {
		last->tv_sec = time_uptime;
		*n = 0;
	}
	return ++*n <= most;
}

/* kauth(9), secmodel(9) */

int
secmodel_register(secmodel_t *model, const char *id, const char *name,
    prop_dictionary_t behavior, secmodel_eval_t eval, secmodel_setinfo_t set)
{

	SHIM_ASSERT(id != NULL && name != NULL && behavior == NULL);
	(void)eval;
	(void)set;
	if (fails())
		return EBUSY;
	*model = (secmodel_t)&models;
	models++;
	return 0;
}

int
secmodel_deregister(secmodel_t model)
{

	SHIM_ASSERT(model == (secmodel_t)&models);
	models--;
	return 0;
}

kauth_listener_t
kauth_listen_scope(const char *scope, kauth_scope_callback_t callback,
    void *cookie)
{
	struct kauth_listener *new;

	(void)cookie;
	if (fails())
		return NULL;
	new = host_alloc(sizeof(*new));
	new->scope = scope;
	new->callback = callback;
	listeners[nlisteners++] = new;
	return new;
}

void
kauth_unlisten_scope(kauth_listener_t old)
{
	unsigned int i;

	for (i = 0; listeners[i] != old; i++)
		SHIM_ASSERT(i < nlisteners);
	listeners[i] = listeners[--nlisteners];
	host_free(old);
}

/* The answer of the engine's listener of a scope, DEFER when it has none. */
int
shim_ask(const char *scope, kauth_cred_t cred, kauth_action_t action,
    void *arg0, void *arg1, void *arg2, void *arg3)
{
	unsigned int i;
	int result;

	for (i = 0; i < nlisteners; i++)
		if (strcmp(listeners[i]->scope, scope) == 0) {
			result = listeners[i]->callback(cred, action, NULL,
			    arg0, arg1, arg2, arg3);
			SHIM_ASSERT(read_sections == 0 && preemption == 0);
			return result;
		}
	return KAUTH_RESULT_DEFER;
}

int
kauth_authorize_system(kauth_cred_t cred, kauth_action_t action,
    enum kauth_system_req request, void *arg1, void *arg2, void *arg3)
{
	int result;

	result = shim_ask(KAUTH_SCOPE_SYSTEM, cred, action,
	    (void *)(uintptr_t)request, arg1, arg2, arg3);
	if (result == KAUTH_RESULT_DENY)
		return EPERM;
	return result == KAUTH_RESULT_ALLOW || cred->euid == 0 ? 0 : EPERM;
}

static void
credential_event(kauth_cred_t cred, kauth_action_t action, void *arg0,
    void *arg1)
{
	unsigned int i;

	for (i = 0; i < nlisteners; i++)
		if (strcmp(listeners[i]->scope, KAUTH_SCOPE_CRED) == 0)
			SHIM_ASSERT(listeners[i]->callback(cred, action, NULL,
			    arg0, arg1, NULL, NULL) == KAUTH_RESULT_ALLOW);
}

kauth_cred_t
kauth_cred_alloc(void)
{
	kauth_cred_t cred;

	assert_sleepable();
	SHIM_ASSERT(shim_curlwp == NULL || !curproc->p_lock->owned);
	cred = memset(host_alloc(sizeof(*cred)), 0, sizeof(*cred));
	cred->refs = 1;
	if (shim_curlwp != NULL)
		credential_event(cred, KAUTH_CRED_INIT, NULL, NULL);
	return cred;
}

static kauth_cred_t
hold(kauth_cred_t cred)
{

	cred->refs++;
	return cred;
}

void
kauth_cred_free(kauth_cred_t cred)
{

	SHIM_ASSERT(cred->refs > 0);
	if (--cred->refs == 0) {
		credential_event(cred, KAUTH_CRED_FREE, NULL, NULL);
		host_free(cred);
	}
}

void
kauth_cred_clone(kauth_cred_t from, kauth_cred_t to)
{

	SHIM_ASSERT(to->refs == 1);
	to->euid = from->euid;
	credential_event(from, KAUTH_CRED_COPY, to, NULL);
}

kauth_cred_t
kauth_cred_get(void)
{

	return curlwp->l_cred;
}

uid_t
kauth_cred_geteuid(kauth_cred_t cred)
{

	return cred->euid;
}

int
kauth_register_key(secmodel_t model, kauth_key_t *key)
{

	SHIM_ASSERT(model == (secmodel_t)&models);
	if (fails())
		return ENOMEM;
	keys++;
	*key = NULL;
	return 0;
}

int
kauth_deregister_key(kauth_key_t key)
{

	SHIM_ASSERT(key == NULL);
	keys--;
	return 0;
}

/*
 * The first value a credential gets makes it grow, which must not happen
 * under p_lock.
 */
void
kauth_cred_setdata(kauth_cred_t cred, kauth_key_t key, void *data)
{

	SHIM_ASSERT(cred->refs == 1 && key == NULL);
	SHIM_ASSERT(read_sections == 0);
	SHIM_ASSERT(cred->room || !curproc->p_lock->owned);
	cred->room = true;
	cred->data[0] = data;
}

void *
kauth_cred_getdata(kauth_cred_t cred, kauth_key_t key)
{

	SHIM_ASSERT(read_sections == 0 && key == NULL);
	return cred->data[0];
}

/* Processes */

static struct shim_process *
process_of(struct proc *p)
{

	return p->shim_data;
}

static int
key_create(specificdata_key_t *key)
{

	if (fails())
		return ENOMEM;
	keys++;
	*key = 0;
	return 0;
}

int
proc_specific_key_create(specificdata_key_t *key, specificdata_dtor_t dtor)
{

	SHIM_ASSERT(dtor == NULL);
	return key_create(key);
}

void
proc_specific_key_delete(specificdata_key_t key)
{

	(void)key;
	keys--;
}

void *
proc_getspecific(struct proc *p, specificdata_key_t key)
{

	SHIM_ASSERT(read_sections == 0);
	return process_of(p)->p_data[key];
}

void
proc_setspecific(struct proc *p, specificdata_key_t key, void *data)
{

	assert_sleepable();
	SHIM_ASSERT(!curproc->p_lock->owned);
	process_of(p)->p_data[key] = data;
}

int
lwp_specific_key_create(specificdata_key_t *key, specificdata_dtor_t dtor)
{

	lwp_dtor = dtor;
	return key_create(key);
}

void
lwp_specific_key_delete(specificdata_key_t key)
{

	(void)key;
	keys--;
}

void *
lwp_getspecific(specificdata_key_t key)
{

	return ((void **)curlwp->shim_data)[key];
}

void
lwp_setspecific(specificdata_key_t key, void *data)
{

	assert_sleepable();
	((void **)curlwp->shim_data)[key] = data;
}

void *
exithook_establish(void (*hook)(struct proc *, void *), void *arg)
{

	(void)arg;
	if (fails())
		return NULL;
	exit_hook = hook;
	return &exit_hook;
}

void
exithook_disestablish(void *handle)
{

	SHIM_ASSERT(handle == &exit_hook);
	exit_hook = NULL;
}

void
proc_crmod_enter(void)
{

	mutex_enter(curproc->p_lock);
	if (curlwp->l_cred != curproc->p_cred) {
		kauth_cred_free(curlwp->l_cred);
		curlwp->l_cred = hold(curproc->p_cred);
	}
}

void
proc_crmod_leave(kauth_cred_t new, kauth_cred_t old, bool sugid)
{
	kauth_cred_t cached;

	SHIM_ASSERT(curproc->p_lock->owned);
	(void)sugid;
	cached = NULL;
	if (new != NULL) {
		curproc->p_cred = new;
		cached = curlwp->l_cred;
		curlwp->l_cred = hold(new);
	}
	mutex_exit(curproc->p_lock);
	if (old != NULL)
		kauth_cred_free(old);
	if (cached != NULL)
		kauth_cred_free(cached);
}

void
shim_setuid(uid_t euid)
{
	kauth_cred_t new, old;

	new = kauth_cred_alloc();
	proc_crmod_enter();
	old = curproc->p_cred;
	kauth_cred_clone(old, new);
	new->euid = euid;
	proc_crmod_leave(new, old, true);
}

/* A new process: of the host's, or the child of another. */
void
shim_process_make(struct shim_process *s, pid_t pid, struct proc *parent)
{
	unsigned int i;

	SHIM_ASSERT(!s->used);
	memset(s, 0, sizeof(*s));
	s->used = true;
	s->p.p_pid = pid;
	s->p.p_nlwps = 1;
	s->p.p_lock = &s->lock;
	s->p.p_limit = &s->limits;
	s->p.shim_data = s;
	for (i = 0; i < RLIM_NLIMITS; i++)
		s->limits.pl_rlimit[i].rlim_cur =
		    s->limits.pl_rlimit[i].rlim_max = RLIM_INFINITY;
	if (parent != NULL) {
		s->limits = *parent->p_limit;
		s->p.p_cred = hold(parent->p_cred);
		credential_event(parent->p_cred, KAUTH_CRED_FORK, parent,
		    &s->p);
	} else {
		shim_curlwp = NULL;
		s->p.p_cred = kauth_cred_alloc();
	}
	for (i = 0; i < SHIM_LWPS; i++) {
		s->l[i].l_proc = &s->p;
		s->l[i].l_cred = hold(s->p.p_cred);
		s->l[i].shim_data = s->l_data[i];
	}
	s->p.p_next = allproc.lh_first;
	allproc.lh_first = &s->p;
}

void
shim_process_end(struct shim_process *s)
{
	struct proc **pp;
	unsigned int i;

	shim_curlwp = &s->l[0];
	if (exit_hook != NULL)
		exit_hook(&s->p, NULL);
	for (pp = &allproc.lh_first; *pp != &s->p; pp = &(*pp)->p_next)
		continue;
	*pp = s->p.p_next;
	for (i = 0; i < SHIM_LWPS; i++) {
		if (s->l_data[i][0] != NULL && lwp_dtor != NULL)
			lwp_dtor(s->l_data[i][0]);
		kauth_cred_free(s->l[i].l_cred);
	}
	kauth_cred_free(s->p.p_cred);
	s->used = false;
}

void
psignal(struct proc *p, int signo)
{

	SHIM_ASSERT(!p->p_lock->owned);
#if SHIM_RELEASE >= 1000
	SHIM_ASSERT(proc_lock.owned);
#else
	SHIM_ASSERT(proc_lock->owned);
#endif
	snprintf(lines[nlines++], sizeof(lines[0]), "signal %d to %d\n",
	    signo, (int)p->p_pid);
}

void
shim_boot(void)
{

	shim_process_make(&shim_processes[0], 0, NULL);
	shim_curlwp = &shim_processes[0].l[0];
}
