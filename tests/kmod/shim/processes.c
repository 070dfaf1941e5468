/*
 * TEST STUB, no part of NetBSD: processes, threads and their specific data.
 */

#include "shim.h"

struct shim_process shim_processes[SHIM_PROCS];
__thread struct lwp *shim_curlwp;
struct proclist allproc;
#if SHIM_RELEASE >= 1000
kmutex_t proc_lock;
#define	PROC_LOCK	(&proc_lock)
#else
static kmutex_t proc_lock_object;
kmutex_t *proc_lock = &proc_lock_object;
#define	PROC_LOCK	proc_lock
#endif

static specificdata_dtor_t lwp_dtor;
static void (*exit_hook)(struct proc *, void *);

static int
key_create(specificdata_key_t *key)
{

	if (shim_fails())
		return ENOMEM;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	*key = 0;
	return 0;
}

int
kpause(const char *what, bool interruptible, int ticks, kmutex_t *lock)
{

	SHIM_ASSERT(what != NULL && !interruptible && ticks > 0 && lock == NULL);
	shim_assert_sleepable();
	shim_still_running = false;
	return 0;
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
	SHIM_ASSERT(!shim_still_running);
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
}

void *
lwp_getspecific(specificdata_key_t key)
{

	return ((void **)curlwp->shim_data)[key];
}

void
lwp_setspecific(specificdata_key_t key, void *data)
{

	shim_assert_sleepable();
	((void **)curlwp->shim_data)[key] = data;
}

void *
exithook_establish(void (*hook)(struct proc *, void *), void *arg)
{

	(void)arg;
	shim_assert_sleepable();
	if (shim_fails())
		return NULL;
	exit_hook = hook;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	return &exit_hook;
}

void
exithook_disestablish(void *handle)
{

	shim_assert_sleepable();
	SHIM_ASSERT(handle == &exit_hook);
	exit_hook = NULL;
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
}

void
proc_crmod_enter(void)
{

	mutex_enter(curproc->p_lock);
	if (curlwp->l_cred != curproc->p_cred) {
		kauth_cred_free(curlwp->l_cred);
		curlwp->l_cred = shim_hold(curproc->p_cred);
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
		curlwp->l_cred = shim_hold(new);
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
		s->p.p_cred = shim_hold(parent->p_cred);
		shim_credential_event(parent->p_cred, KAUTH_CRED_FORK, parent,
		    &s->p);
	} else {
		shim_curlwp = NULL;
		s->p.p_cred = kauth_cred_alloc();
	}
	for (i = 0; i < SHIM_LWPS; i++) {
		s->l[i].l_proc = &s->p;
		s->l[i].l_cred = shim_hold(s->p.p_cred);
		s->l[i].shim_data = s->l_data[i];
	}
	mutex_enter(PROC_LOCK);
	s->p.p_next = allproc.lh_first;
	allproc.lh_first = &s->p;
	mutex_exit(PROC_LOCK);
}

void
shim_process_end(struct shim_process *s)
{
	struct proc **pp;
	unsigned int i;

	shim_curlwp = &s->l[0];
	if (exit_hook != NULL)
		exit_hook(&s->p, NULL);
	mutex_enter(PROC_LOCK);
	for (pp = &allproc.lh_first; *pp != &s->p; pp = &(*pp)->p_next)
		continue;
	*pp = s->p.p_next;
	mutex_exit(PROC_LOCK);
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

	SHIM_ASSERT(shim_threaded || !p->p_lock->owned);
#if SHIM_RELEASE >= 1000
	SHIM_ASSERT(__atomic_load_n(&proc_lock.owned, 0));
#else
	SHIM_ASSERT(__atomic_load_n(&proc_lock->owned, 0));
#endif
	if (!shim_threaded)
		shim_note("signal %d to %d\n", signo, (int)p->p_pid);
}

void
shim_boot(void)
{

	shim_process_make(&shim_processes[0], 0, NULL);
	shim_curlwp = &shim_processes[0].l[0];
}
