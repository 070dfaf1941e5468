/*
 * TEST STUB, no part of NetBSD: kauth(9) and secmodel(9).
 */

#include "shim.h"

#define	LISTENERS	16

struct kauth_listener {
	const char		*scope;
	kauth_scope_callback_t	callback;
};

static struct kauth_listener *listeners[LISTENERS];
static unsigned int nlisteners;

int
secmodel_register(secmodel_t *model, const char *id, const char *name,
    prop_dictionary_t behavior, secmodel_eval_t eval, secmodel_setinfo_t set)
{

	SHIM_ASSERT(id != NULL && name != NULL && behavior == NULL);
	(void)eval;
	(void)set;
	if (shim_fails())
		return EBUSY;
	*model = (secmodel_t)&shim_held;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	return 0;
}

int
secmodel_deregister(secmodel_t model)
{

	SHIM_ASSERT(model == (secmodel_t)&shim_held);
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
	return 0;
}

kauth_listener_t
kauth_listen_scope(const char *scope, kauth_scope_callback_t callback,
    void *cookie)
{
	struct kauth_listener *new;

	(void)cookie;
	if (shim_fails())
		return NULL;
	new = host_alloc(sizeof(*new));
	new->scope = scope;
	new->callback = callback;
	listeners[nlisteners++] = new;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	return new;
}

void
kauth_unlisten_scope(kauth_listener_t old)
{
	unsigned int i;

	for (i = 0; listeners[i] != old; i++)
		SHIM_ASSERT(i < nlisteners);
	listeners[i] = listeners[--nlisteners];
	shim_still_running = true;
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
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
			SHIM_ASSERT(shim_read_sections == 0);
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

void
shim_credential_event(kauth_cred_t cred, kauth_action_t action, void *arg0,
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

	shim_assert_sleepable();
	SHIM_ASSERT(shim_curlwp == NULL || !curproc->p_lock->owned);
	cred = memset(host_alloc(sizeof(*cred)), 0, sizeof(*cred));
	cred->refs = 1;
	if (shim_curlwp != NULL)
		shim_credential_event(cred, KAUTH_CRED_INIT, NULL, NULL);
	return cred;
}

kauth_cred_t
shim_hold(kauth_cred_t cred)
{

	(void)__atomic_add_fetch(&cred->refs, 1, 5);
	return cred;
}

void
kauth_cred_free(kauth_cred_t cred)
{

	if (__atomic_sub_fetch(&cred->refs, 1, 5) == 0) {
		shim_credential_event(cred, KAUTH_CRED_FREE, NULL, NULL);
		host_free(cred);
	}
}

void
kauth_cred_clone(kauth_cred_t from, kauth_cred_t to)
{

	SHIM_ASSERT(__atomic_load_n(&to->refs, 5) == 1);
	to->euid = from->euid;
	shim_credential_event(from, KAUTH_CRED_COPY, to, NULL);
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

	SHIM_ASSERT(model == (secmodel_t)&shim_held);
	if (shim_fails())
		return ENOMEM;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	*key = NULL;
	return 0;
}

int
kauth_deregister_key(kauth_key_t key)
{

	SHIM_ASSERT(key == NULL && !shim_still_running);
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
	return 0;
}

/*
 * The first value a credential gets makes it grow, which must not happen
 * under p_lock.
 */
void
kauth_cred_setdata(kauth_cred_t cred, kauth_key_t key, void *data)
{

	SHIM_ASSERT(__atomic_load_n(&cred->refs, 5) == 1 && key == NULL);
	shim_assert_sleepable();
	SHIM_ASSERT(cred->room || !curproc->p_lock->owned);
	cred->room = true;
	__atomic_store_n(&cred->data[0], data, 3);
}

void *
kauth_cred_getdata(kauth_cred_t cred, kauth_key_t key)
{

	SHIM_ASSERT(shim_read_sections == 0 && key == NULL && !shim_spinning);
	return __atomic_load_n(&cred->data[0], 2);
}
