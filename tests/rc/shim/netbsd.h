/* Names of NetBSD that the host's headers lack, included before everything else. */

#define __dead		__attribute__((__noreturn__))

/* Limits of NetBSD alone: any other ones of the host, to be set and read back. */
#include <sys/resource.h>
#define RLIMIT_NTHR	RLIMIT_SIGPENDING
#define RLIMIT_SBSIZE	RLIMIT_MSGQUEUE
