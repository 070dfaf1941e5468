/* What cellexec(8) needs of NetBSD's <sys/sysctl.h>; sysctl.c has a fake of it. */

#ifndef SHIM_SYS_SYSCTL_H
#define SHIM_SYS_SYSCTL_H

#include <stddef.h>

int	sysctlbyname(const char *, void *, size_t *, const void *, size_t);

#endif
