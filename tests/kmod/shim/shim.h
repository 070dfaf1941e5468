/*
 * TEST STUB, no part of NetBSD: what the fake kernel offers its driver.
 */

#ifndef SHIM_H
#define	SHIM_H

#include <kauth.h>

#define	SHIM_PROCS	4096
#define	SHIM_LWPS	2
#define	SHIM_KEYS	4

struct kauth_cred {
	unsigned int	refs;
	uid_t		euid;
	bool		room;		/* for specific data */
	void		*data[SHIM_KEYS];
};

struct shim_process {
	bool		used;
	struct proc	p;
	struct lwp	l[SHIM_LWPS];
	struct plimit	limits;
	kmutex_t	lock;
	void		*l_data[SHIM_LWPS][SHIM_KEYS];
};

/* kernel.c */
extern __thread bool shim_no_sleep;	/* in a listener that may not */
extern __thread bool shim_spinning;	/* under a spin lock of its caller */
extern __thread int shim_read_sections;
#define	SHIM_THREADS	16u
extern __thread unsigned int shim_thread;	/* its number */
extern bool shim_threaded;		/* locks may be waited for */
extern unsigned long shim_told;		/* denials in lines, when threaded */
extern int shim_fail;			/* countdown to a failing start */
extern unsigned int shim_held;		/* what the module holds */
extern bool shim_still_running;		/* listeners that were removed */
bool	shim_fails(void);
void	shim_assert_sleepable(void);
void	shim_drain(void);
void	shim_drain_anyway(void);
void	shim_note(const char *, ...) __printflike(1, 2);
const char *shim_log_line(unsigned int);
unsigned int shim_log_lines(void);

/* credentials.c */
int	shim_ask(const char *, kauth_cred_t, kauth_action_t, void *, void *,
	    void *, void *);
void	shim_credential_event(kauth_cred_t, kauth_action_t, void *, void *);
kauth_cred_t shim_hold(kauth_cred_t);

/* processes.c */
extern struct shim_process shim_processes[SHIM_PROCS];
void	shim_boot(void);
void	shim_process_make(struct shim_process *, pid_t, struct proc *);
void	shim_process_end(struct shim_process *);
void	shim_setuid(uid_t);

/* sysctl.c */
unsigned int shim_nodes(void);
int	shim_sysctl(const char *, void *, size_t *, const void *, size_t);

/* leaves.c, generated */
struct shim_leaf {
	const char	*scope;
	uint64_t	action;
	unsigned long	request;
};
extern const struct shim_leaf shim_leaves[];

/* host.c: the C library, behind functions with types of the compiler's own */
void	*host_alloc(size_t);
void	host_free(void *);
void	host_abort(const char *, int) __attribute__((__noreturn__));
char	*host_line(void);
void	*host_file(const char *, size_t *);
void	host_print(const char *, ...) __printflike(1, 2);
void	host_vformat(char *, size_t, const char *, va_list);
long	host_number(const char *);
void	host_threads(unsigned int, void *(*)(void *));

#define	SHIM_ASSERT(e)	((e) ? (void)0 : host_abort(#e, __LINE__))

#endif /* !SHIM_H */
