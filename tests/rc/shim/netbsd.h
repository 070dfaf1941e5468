/* Names of NetBSD that the host's headers lack, included before everything else. */

#define __dead		__attribute__((__noreturn__))

/* Limits of NetBSD alone: any other ones of the host, to be set and read back. */
#include <sys/resource.h>
#define RLIMIT_NTHR	RLIMIT_SIGPENDING
#define RLIMIT_SBSIZE	RLIMIT_MSGQUEUE

/* Far less than the host's, but more than NetBSD's: too many are soon made. */
#include <limits.h>
#undef NGROUPS_MAX
#define NGROUPS_MAX	64
