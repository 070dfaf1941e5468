/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the parts of the engine offer each other.
 *
 * Locks: cellpolicy_enter_lock is taken before any p_lock and never by a
 * listener.  Listeners take no lock of the engine, do not sleep and allocate
 * nothing, process.fork excepted.
 */

#ifndef _CELLPOLICY_ENGINE_H_
#define	_CELLPOLICY_ENGINE_H_

#include <sys/param.h>
#include <sys/atomic.h>
#include <sys/kauth.h>
#include <sys/proc.h>

#include "cellpolicy_decide.h"

struct rlimit;
struct socket;

/*
 * Loads and stores of what others change meanwhile: in order with all later
 * ones (LOAD), with those through the pointer that was loaded (DEPEND), with
 * none (GLANCE), with all earlier ones (STORE).  NetBSD 9 has these functions
 * on its later releases only; there a full barrier will do.
 */
#if defined(atomic_load_consume) && defined(atomic_store_release)
#define	CELLPOLICY_LOAD(p)	atomic_load_acquire(p)
#define	CELLPOLICY_DEPEND(p)	atomic_load_consume(p)
#define	CELLPOLICY_GLANCE(p)	atomic_load_relaxed(p)
#define	CELLPOLICY_STORE(p, v)	atomic_store_release(p, v)
#else
#define	CELLPOLICY_GLANCE(p)						\
	(*(const volatile __typeof__(*(p)) *)(p))
#define	CELLPOLICY_LOAD(p) ({						\
	__typeof__(*(p)) cellpolicy_v = CELLPOLICY_GLANCE(p);		\
	membar_sync();							\
	cellpolicy_v;							\
})
#define	CELLPOLICY_DEPEND(p)	CELLPOLICY_LOAD(p)
#define	CELLPOLICY_STORE(p, v) do {					\
	volatile __typeof__(*(p)) *cellpolicy_p = (p);			\
	membar_sync();							\
	*cellpolicy_p = (v);						\
} while (/*CONSTCOND*/0)
#endif

#define	CELLPOLICY_NAMELEN	64

/*
 * What the engine keeps for a cell id as long as it is loaded, whatever
 * policies come and go.
 */
struct cellpolicy_state {
	volatile unsigned int	processes;	/* living or about to */
	volatile unsigned int	credentials;	/* that carry the id */
	volatile unsigned long	denials;
	volatile unsigned int	window;		/* second and lines logged */
	volatile unsigned int	suppressed;	/* lines not logged */
	char			name[CELLPOLICY_NAMELEN];
};

/* cellpolicy_policy.c */
int	cellpolicy_policy_start(void);
void	cellpolicy_policy_stop(void);
extern const struct cellpolicy_policy *cellpolicy_current;
uint64_t cellpolicy_generation(void);
int	cellpolicy_load(void *, size_t, void *, size_t);

/*
 * The policy in force: in a read section, or under the sysctl tree lock.
 */
static inline const struct cellpolicy_policy *
cellpolicy_policy(void)
{

	return CELLPOLICY_DEPEND(&cellpolicy_current);
}

static inline const struct cellpolicy_tables *
cellpolicy_tables(void)
{

	return &cellpolicy_policy()->tables;
}

/* cellpolicy_state.c */
int	cellpolicy_state_start(void);
void	cellpolicy_state_stop(void);
struct cellpolicy_state *cellpolicy_state(unsigned int);
int	cellpolicy_state_adopt(const struct cellpolicy_tables *);
unsigned int cellpolicy_state_ids(void);
bool	cellpolicy_living(void);
void	cellpolicy_carry(unsigned int);
void	cellpolicy_uncarry(unsigned int);

/* cellpolicy_identity.c */
extern kmutex_t cellpolicy_enter_lock;
int	cellpolicy_identity_start(void);
void	cellpolicy_identity_stop(void);
int	cellpolicy_identity_close(void);
unsigned int cellpolicy_id(kauth_cred_t);
unsigned int cellpolicy_id_spinning(kauth_cred_t);
int	cellpolicy_enter(struct lwp *, int);

/* cellpolicy_process.c */
int	cellpolicy_process_start(void);
void	cellpolicy_process_stop(void);
bool	cellpolicy_process_set(pid_t, unsigned int);
unsigned int cellpolicy_id_of_process(const struct proc *);

/* cellpolicy_count.c */
int	cellpolicy_count_start(void);
void	cellpolicy_count_stop(void);
bool	cellpolicy_reserve(unsigned int, uint32_t);
void	cellpolicy_release(unsigned int);
bool	cellpolicy_reserve_fork(unsigned int, uint32_t);
void	cellpolicy_born(unsigned int);

/* cellpolicy_limits.c */
int	cellpolicy_exceeds(const struct cellpolicy_tables *, unsigned int,
	    struct proc *);
int	cellpolicy_raises(const struct cellpolicy_tables *, unsigned int,
	    struct proc *, const struct rlimit *, int);

/* cellpolicy_ask.c */
struct cellpolicy_binding {
	bool		known;		/* whether port and protocol are */
	unsigned int	leaf;		/* 0 network.bind.port, 1 privport */
	unsigned int	port;
	unsigned int	protocol;	/* CELLPOLICY_TCP... */
};
void	cellpolicy_read_bind(struct cellpolicy_binding *, unsigned long,
	    const struct socket *, const void *);
void	cellpolicy_ask(struct cellpolicy_question *,
	    const struct cellpolicy_scope *, uint64_t, unsigned long);
void	cellpolicy_ask_process(struct cellpolicy_question *, uint64_t,
	    unsigned long, unsigned int);
void	cellpolicy_ask_bind(struct cellpolicy_question *,
	    const struct cellpolicy_binding *);
void	cellpolicy_ask_socket(struct cellpolicy_question *, bool, int, int,
	    int);
void	cellpolicy_ask_vnode(struct cellpolicy_question *, uint64_t);
void	cellpolicy_ask_passthru(struct cellpolicy_question *, unsigned long);

/* cellpolicy_listen.c */
int	cellpolicy_listen_start(void);
void	cellpolicy_listen_stop(void);

/* cellpolicy_audit.c */
#define	CELLPOLICY_NOLIMIT	(-1)
#define	CELLPOLICY_LIMIT_PROCESSES	CELLPOLICY_LIMITS
int	cellpolicy_audit_start(void);
void	cellpolicy_audit_stop(void);
bool	cellpolicy_denied(const struct cellpolicy_policy *,
	    const struct cellpolicy_question *, kauth_cred_t, int);

/* cellpolicy_image.c */
#define	CELLPOLICY_MAXIMAGE	(64u * 1024 * 1024)
int	cellpolicy_image_open(struct cellpolicy_tables *, void *, size_t);

/* cellpolicy_check.c */
int	cellpolicy_check(const struct cellpolicy_tables *);

/* cellpolicy_check_classes.c */
bool	cellpolicy_classes_valid(const struct cellpolicy_tables *);

/* cellpolicy_signal.c */
int	cellpolicy_signal(unsigned int, int);

/* cellpolicy_sysctl.c */
int	cellpolicy_sysctl_start(void);
void	cellpolicy_sysctl_stop(void);

#endif /* !_CELLPOLICY_ENGINE_H_ */
