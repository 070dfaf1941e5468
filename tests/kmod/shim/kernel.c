/*
 * TEST STUB: a kernel of one CPU for the engine.  It asserts what a kernel
 * with DIAGNOSTIC and LOCKDEBUG would: no sleeping in read sections, under
 * p_lock or in listeners, no lock taken twice, ALLOW for credential events,
 * nothing freed right after listeners were removed, which may still be running.
 */

#include "shim.h"

#define	LINES		1024

__thread bool shim_no_sleep;
__thread bool shim_spinning;
__thread int shim_read_sections;
__thread unsigned int shim_thread;
bool shim_threaded;
unsigned long shim_told;
static int reading[SHIM_THREADS];
int shim_fail = -1;
unsigned int shim_held;
bool shim_still_running;
int hz = 100;
#if SHIM_RELEASE < 1001
volatile
#endif
time_t shim_uptime = 1000;

static void (*softint)(void *);
static bool softint_pending;
static char lines[LINES][256];
static unsigned int nlines;

/*
 * For tests of a start that fails: the n-th thing that can fail does.
 */
bool
shim_fails(void)
{

	return shim_fail >= 0 && shim_fail-- == 0;
}

void
shim_assert_sleepable(void)
{

	SHIM_ASSERT(shim_read_sections == 0);
	SHIM_ASSERT(!shim_no_sleep);
}

void *
kmem_alloc(size_t size, int flags)
{

	SHIM_ASSERT(flags == KM_SLEEP && size > 0);
	shim_assert_sleepable();
	SHIM_ASSERT(shim_curlwp == NULL || !curproc->p_lock->owned);
	(void)__atomic_add_fetch(&shim_held, 1, 5);
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

	SHIM_ASSERT(p != NULL && !shim_still_running);
	memset(p, 0xa5, size);	/* the sanitizer sees a wrong size */
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
	host_free(p);
}

void
mutex_init(kmutex_t *m, kmutex_type_t type, int ipl)
{

	SHIM_ASSERT(type == MUTEX_DEFAULT && ipl == IPL_NONE);
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	m->owned = 0;
}

void
mutex_destroy(kmutex_t *m)
{

	SHIM_ASSERT(!__atomic_load_n(&m->owned, 0) && !shim_still_running);
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
}

void
mutex_enter(kmutex_t *m)
{

	shim_assert_sleepable();
	while (__atomic_exchange_n(&m->owned, 1, 2) != 0)
		SHIM_ASSERT(shim_threaded);
}

void
mutex_exit(kmutex_t *m)
{

	SHIM_ASSERT(__atomic_load_n(&m->owned, 0));
	__atomic_store_n(&m->owned, 0, 3);
}

pserialize_t
pserialize_create(void)
{

	if (shim_fails())
		return NULL;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	return (pserialize_t)&shim_held;
}

void
pserialize_destroy(pserialize_t psz)
{

	(void)psz;
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
}

void
pserialize_perform(pserialize_t psz)
{

	unsigned int i;

	(void)psz;
	shim_assert_sleepable();
	for (i = 0; i < SHIM_THREADS; i++)
		while (__atomic_fetch_add(&reading[i], 0, 5) != 0)
			SHIM_ASSERT(shim_threaded);
}

int
pserialize_read_enter(void)
{

	(void)__atomic_exchange_n(&reading[shim_thread], 1, 5);
	return shim_read_sections++;
}

void
pserialize_read_exit(int s)
{

	SHIM_ASSERT(--shim_read_sections == s);
	__atomic_store_n(&reading[shim_thread], s != 0, 3);
}

/*
 * With several threads lines are not kept: how many denials they tell of is
 * counted, those that were left out before included.
 */
static void
tell(const char *format, va_list args)
{
	char line[512], *c;
	unsigned long n;

	host_vformat(line, sizeof(line), format, args);
	if (strncmp(line, "cellpolicy: deny ", 17) != 0)
		return;
	n = 1;
	for (c = line; *c != '\0'; c++)
		if (strncmp(c, " suppressed=", 12) == 0)
			n += (unsigned long)host_number(c + 12);
	(void)__atomic_add_fetch(&shim_told, n, 5);
}

void
log(int level, const char *format, ...)
{
	va_list args;

	(void)level;
	SHIM_ASSERT(shim_read_sections == 0 && !shim_no_sleep);
	if (shim_threaded) {
		va_start(args, format);
		tell(format, args);
		va_end(args);
		return;
	}
	SHIM_ASSERT(nlines < LINES);
	va_start(args, format);
	host_vformat(lines[nlines++], sizeof(lines[0]), format, args);
	va_end(args);
}

void
shim_note(const char *format, ...)
{
	va_list args;

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
	if (shim_fails())
		return NULL;
	softint = handler;
	(void)__atomic_add_fetch(&shim_held, 1, 5);
	return &softint;
}

void
softint_disestablish(void *handle)
{

	SHIM_ASSERT(handle == &softint && !shim_still_running);
	softint = NULL;
	(void)__atomic_sub_fetch(&shim_held, 1, 5);
	softint_pending = false;
}

void
softint_schedule(void *handle)
{

	SHIM_ASSERT(handle == &softint && shim_read_sections > 0);
	__atomic_store_n(&softint_pending, true, 3);
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

int
ppsratecheck(struct timeval *last, int *n, int most)
{

	if (last->tv_sec != time_uptime) {
		last->tv_sec = time_uptime;
		*n = 0;
	}
	return ++*n <= most;
}
