/*
 * TEST STUB, no part of NetBSD: what the engine uses of the kernel besides
 * kauth(9), with the names and prototypes of NetBSD 9 to 11.  Every header
 * that the engine includes is this file (see build.py).
 */

#ifndef SHIM_KERNEL_H
#define	SHIM_KERNEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned int u_int;
typedef uint64_t u_quad_t;
typedef int32_t pid_t;
typedef uint32_t uid_t;
typedef int64_t time_t;
typedef uint64_t rlim_t;
typedef uint8_t sa_family_t;
typedef uint16_t in_port_t;

/* sys/cdefs.h, sys/param.h */
#define	__CTASSERT(x)		_Static_assert(x, #x)
#define	__arraycount(a)		(sizeof(a) / sizeof(*(a)))
#define	__UNCONST(p)		((void *)(uintptr_t)(const void *)(p))
#define	__printflike(f, v)	__attribute__((__format__(__printf__, f, v)))
#define	__NetBSD_Prereq__(M, m, p)	(SHIM_RELEASE >= (M) * 100 + (m))
#define	__aligned(n)		__attribute__((__aligned__(n)))
#define	__noinline		__attribute__((__noinline__))
#define	__predict_true(e)	__builtin_expect((e) != 0, 1)
#define	__predict_false(e)	__builtin_expect((e) != 0, 0)
#define	MAX(a, b)		((a) > (b) ? (a) : (b))
#define	MIN(a, b)		((a) < (b) ? (a) : (b))
#define	howmany(x, y)		(((x) + ((y) - 1)) / (y))
#define	roundup2(x, m)		(((x) + ((m) - 1)) & ~((__typeof__(x))(m) - 1))

/* sys/errno.h */
#define	EPERM		1
#define	ESRCH		3
#define	ENXIO		6
#define	ENOMEM		12
#define	EBUSY		16
#define	EINVAL		22
#define	ENOTTY		25
#define	EFBIG		27
#define	ERANGE		34
#define	EAGAIN		35
#define	EPROGMISMATCH	75
#define	EFTYPE		79
#define	EBADMSG		88
#define	EPROTO		96

/* sys/systm.h, lib/libkern, sys/syslog.h */
void	*memset(void *, int, size_t);
void	*memcpy(void *, const void *, size_t);
int	memcmp(const void *, const void *, size_t);
int	strcmp(const char *, const char *);
int	strncmp(const char *, const char *, size_t);
size_t	strlen(const char *);
size_t	strlcpy(char *, const char *, size_t);
int	snprintf(char *, size_t, const char *, ...) __printflike(3, 4);
void	log(int, const char *, ...) __printflike(2, 3);
#define	LOG_NOTICE	5

/* sys/endian.h */
uint16_t htons(uint16_t);
uint16_t ntohs(uint16_t);
#ifdef SHIM_BIG_ENDIAN		/* the other order than this machine's */
#define	le16toh(x)	__builtin_bswap16(x)
#define	le32toh(x)	__builtin_bswap32(x)
#define	le64toh(x)	__builtin_bswap64(x)
#else
#define	le16toh(x)	(x)
#define	le32toh(x)	(x)
#define	le64toh(x)	(x)
#endif

/* sys/kmem.h */
#define	KM_SLEEP	1
void	*kmem_alloc(size_t, int);
void	*kmem_zalloc(size_t, int);
void	kmem_free(void *, size_t);

/* sys/mutex.h */
typedef struct kmutex { int owned; } kmutex_t;
typedef enum kmutex_type_t { MUTEX_SPIN, MUTEX_DEFAULT = 2 } kmutex_type_t;
#define	IPL_NONE	0
void	mutex_init(kmutex_t *, kmutex_type_t, int);
void	mutex_destroy(kmutex_t *);
void	mutex_enter(kmutex_t *);
void	mutex_exit(kmutex_t *);

/* sys/atomic.h; release 9 stands for those without the ordered functions */
#define	membar_sync()		shim_fence()
#define	membar_producer()	shim_fence()
#if SHIM_RELEASE >= 1001
#define	atomic_load_acquire(p)		__atomic_load_n(p, 2)
#define	atomic_load_consume(p)		__atomic_load_n(p, 1)
#define	atomic_load_relaxed(p)		__atomic_load_n(p, 0)
#define	atomic_store_release(p, v)	__atomic_store_n(p, v, 3)
#endif
static inline unsigned int
atomic_inc_uint_nv(volatile unsigned int *p)
{

	return __atomic_add_fetch(p, 1, 5);
}

static inline unsigned int
atomic_dec_uint_nv(volatile unsigned int *p)
{

	return __atomic_sub_fetch(p, 1, 5);
}

static inline void
atomic_inc_uint(volatile unsigned int *p)
{

	(void)__atomic_add_fetch(p, 1, 5);
}

static inline void
atomic_dec_uint(volatile unsigned int *p)
{

	(void)__atomic_sub_fetch(p, 1, 5);
}

static inline void
atomic_inc_ulong(volatile unsigned long *p)
{

	(void)__atomic_add_fetch(p, 1, 5);
}

static inline unsigned int
atomic_swap_uint(volatile unsigned int *p, unsigned int v)
{

	return __atomic_exchange_n(p, v, 5);
}

static inline unsigned int
atomic_cas_uint(volatile unsigned int *p, unsigned int o, unsigned int n)
{

	(void)__atomic_compare_exchange_n(p, &o, n, 0, 5, 5);
	return o;
}

/* ThreadSanitizer knows no fences; this one orders nothing for it. */
static inline void
shim_fence(void)
{
	int mine;

	(void)__atomic_exchange_n(&mine, 0, 5);
}

static inline void *
atomic_cas_ptr(volatile void *p, void *o, void *n)
{

	(void)__atomic_compare_exchange_n((void *volatile *)p, &o, n, 0, 5, 5);
	return o;
}

/* sys/pserialize.h */
typedef struct pserialize *pserialize_t;
pserialize_t pserialize_create(void);
void	pserialize_destroy(pserialize_t);
void	pserialize_perform(pserialize_t);
int	pserialize_read_enter(void);
void	pserialize_read_exit(int);

/* sys/specificdata.h */
typedef u_int specificdata_key_t;
typedef void (*specificdata_dtor_t)(void *);

/* secmodel/secmodel.h, prop/proplib.h */
typedef struct secmodel_descr *secmodel_t;
typedef struct prop_dictionary *prop_dictionary_t;
typedef int (*secmodel_eval_t)(const char *, void *, void *);
typedef int (*secmodel_setinfo_t)(void *);
int	secmodel_register(secmodel_t *, const char *, const char *,
	    prop_dictionary_t, secmodel_eval_t, secmodel_setinfo_t);
int	secmodel_deregister(secmodel_t);

/* sys/resource.h, sys/resourcevar.h */
#define	RLIMIT_CPU	0
#define	RLIMIT_FSIZE	1
#define	RLIMIT_DATA	2
#define	RLIMIT_STACK	3
#define	RLIMIT_CORE	4
#define	RLIMIT_RSS	5
#define	RLIMIT_MEMLOCK	6
#define	RLIMIT_NPROC	7
#define	RLIMIT_NOFILE	8
#define	RLIMIT_SBSIZE	9
#define	RLIMIT_AS	10
#define	RLIMIT_NTHR	11
#define	RLIM_NLIMITS	12
#define	RLIM_INFINITY	(~((uint64_t)1 << 63))
struct rlimit { rlim_t rlim_cur, rlim_max; };
struct plimit { struct rlimit pl_rlimit[RLIM_NLIMITS]; };
#define	p_rlimit	p_limit->pl_rlimit

/* sys/proc.h, sys/lwp.h */
typedef struct kauth_cred *kauth_cred_t;
struct proc {
	struct proc	*p_next;
	pid_t		p_pid;
	int		p_flag;
	int		p_nlwps;
	kmutex_t	*p_lock;
	kauth_cred_t	p_cred;
	struct plimit	*p_limit;
	void		*shim_data;
};
struct lwp {
	struct proc	*l_proc;
	kauth_cred_t	l_cred;
	void		*shim_data;
};
struct proclist { struct proc *lh_first; };
extern struct proclist allproc;
#if SHIM_RELEASE >= 1000
extern kmutex_t proc_lock;
#else
extern kmutex_t *proc_lock;
#endif
extern __thread struct lwp *shim_curlwp;
#define	curlwp		shim_curlwp
#define	curproc		(curlwp->l_proc)
#define	PK_MARKER	0x80000000
#define	PROCLIST_FOREACH(var, head)					\
	for ((var) = (head)->lh_first; (var) != NULL; (var) = (var)->p_next) \
		if (((var)->p_flag & (int)PK_MARKER) != 0) {} else
void	proc_crmod_enter(void);
void	proc_crmod_leave(kauth_cred_t, kauth_cred_t, bool);
int	kpause(const char *, bool, int, kmutex_t *);
extern int hz;			/* sys/kernel.h */
#define	mstohz(ms)	((unsigned int)((ms + 0ul) * hz / 1000ul))
int	lwp_specific_key_create(specificdata_key_t *, specificdata_dtor_t);
void	lwp_specific_key_delete(specificdata_key_t);
void	*lwp_getspecific(specificdata_key_t);
void	lwp_setspecific(specificdata_key_t, void *);
void	*exithook_establish(void (*)(struct proc *, void *), void *);
void	exithook_disestablish(void *);

/* sys/signalvar.h */
#define	NSIG		64
void	psignal(struct proc *, int);

/* sys/intr.h, sys/time.h, sys/timevar.h */
#define	SOFTINT_CLOCK	0x0000
#define	SOFTINT_MPSAFE	0x0100
void	*softint_establish(u_int, void (*)(void *), void *);
void	softint_disestablish(void *);
void	softint_schedule(void *);
struct timeval { time_t tv_sec; int tv_usec; };
int	ppsratecheck(struct timeval *, int *, int);
#if SHIM_RELEASE >= 1001	/* no variable any more */
extern time_t shim_uptime;
static inline time_t
getuptime(void)
{

	return shim_uptime;
}
#define	time_uptime	getuptime()
#else
#define	shim_uptime	time_uptime
extern volatile time_t time_uptime;
#endif

/* sys/socket.h, sys/socketvar.h, sys/protosw.h, sys/domain.h, netinet/in.h */
struct domain { int dom_family; };
struct protosw {
	struct domain *pr_domain;
	short pr_protocol;
};
struct socket { const struct protosw *so_proto; };
struct sockaddr { uint8_t sa_len; sa_family_t sa_family; char sa_data[14]; };
struct in_addr { uint32_t s_addr; };
struct sockaddr_in {
	uint8_t		sin_len;
	sa_family_t	sin_family;
	in_port_t	sin_port;
	struct in_addr	sin_addr;
	char		sin_zero[8];
};
struct sockaddr_in6 {
	uint8_t		sin6_len;
	sa_family_t	sin6_family;
	in_port_t	sin6_port;
	uint32_t	sin6_flowinfo;
	uint8_t		sin6_addr[16];
	uint32_t	sin6_scope_id;
};
#define	AF_INET		2
#define	AF_INET6	24
#include <constants.h>		/* PF_*, SOCK_*, IPPROTO_* */

/* sys/sysctl.h */
struct sysctlnode {
	const char	*shim_name;
	uint32_t	sysctl_flags;
	size_t		sysctl_size;
	void		*sysctl_data;
	u_quad_t	shim_number;
	int		(*sysctl_func)(const int *, u_int, void *, size_t *,
			    const void *, size_t, const int *, struct lwp *,
			    const struct sysctlnode *);
};
struct sysctllog;
#define	SYSCTLFN_ARGS							\
	const int *name, u_int namelen, void *oldp, size_t *oldlenp,	\
	const void *newp, size_t newlen, const int *oname,		\
	struct lwp *l, const struct sysctlnode *rnode
#define	SYSCTLFN_CALL(node)						\
	name, namelen, oldp, oldlenp, newp, newlen, oname, l, node
typedef int (*sysctlfn)(SYSCTLFN_ARGS);
#define	SYSCTL_DESCR(s)		(s)
#define	CTLTYPE_NODE		1
#define	CTLTYPE_INT		2
#define	CTLTYPE_STRING		3
#define	CTLTYPE_QUAD		4
#define	CTLTYPE_STRUCT		5
#define	SYSCTL_TYPE(x)		((x) & 0x0000000f)
#define	SYSCTL_NAMELEN		32
#define	CTLFLAG_READONLY	0x00000000
#define	CTLFLAG_READWRITE	0x00000070
#define	CTLFLAG_PERMANENT	0x00000200
#define	CTLFLAG_IMMEDIATE	0x00000800
#define	CTL_SECURITY		13
#define	CTL_CREATE		(-3)
#define	CTL_EOL			(-1)
int	sysctl_createv(struct sysctllog **, int, const struct sysctlnode **,
	    const struct sysctlnode **, int, int, const char *, const char *,
	    sysctlfn, u_quad_t, void *, size_t, ...);
void	sysctl_teardown(struct sysctllog **);
int	sysctl_lookup(SYSCTLFN_ARGS);
int	sysctl_copyin(struct lwp *, const void *, void *, size_t);
int	sysctl_copyout(struct lwp *, const void *, void *, size_t);

/* sys/module.h */
typedef enum {
	MODULE_CMD_INIT, MODULE_CMD_FINI, MODULE_CMD_STAT,
	MODULE_CMD_AUTOUNLOAD
} modcmd_t;
typedef enum modclass {
	MODULE_CLASS_ANY, MODULE_CLASS_MISC, MODULE_CLASS_VFS,
	MODULE_CLASS_DRIVER, MODULE_CLASS_EXEC, MODULE_CLASS_SECMODEL
} modclass_t;
struct modinfo {
	modclass_t	mi_class;
	int		(*mi_modcmd)(modcmd_t, void *);
	const char	*mi_name;
	const char	*mi_required;
};
extern const struct modinfo shim_module;
#define	MODULE(class, name, required)					\
static int name##_modcmd(modcmd_t, void *);				\
const struct modinfo shim_module = {					\
	.mi_class = (class),						\
	.mi_modcmd = name##_modcmd,					\
	.mi_name = #name,						\
	.mi_required = (required)					\
}

#endif /* !SHIM_KERNEL_H */
