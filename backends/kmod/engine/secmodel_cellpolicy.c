/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The module: starts the parts of the engine in order, and stops them in
 * reverse when one of them fails or when the module goes.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/module.h>

#include "cellpolicy_engine.h"

/*
 * What the boot loader brings of the class of security models is started
 * before there are threads, soft interrupts and exit hooks.
 */
MODULE(MODULE_CLASS_MISC, secmodel_cellpolicy, NULL);

static const struct {
	int	(*start)(void);
	void	(*stop)(void);
} parts[] = {
	{ cellpolicy_state_start,	cellpolicy_state_stop },
	{ cellpolicy_policy_start,	cellpolicy_policy_stop },
	{ cellpolicy_audit_start,	cellpolicy_audit_stop },
	{ cellpolicy_process_start,	cellpolicy_process_stop },
	{ cellpolicy_identity_start,	cellpolicy_identity_stop },
	{ cellpolicy_count_start,	cellpolicy_count_stop },
	{ cellpolicy_listen_start,	cellpolicy_listen_stop },
	{ cellpolicy_sysctl_start,	cellpolicy_sysctl_stop },
};

static void
stop(unsigned int n)
{

	while (n-- > 0)
		parts[n].stop();
}

static int
start(void)
{
	unsigned int i;
	int error;

	for (i = 0; i < __arraycount(parts); i++) {
		error = parts[i].start();
		if (error != 0) {
			stop(i);
			return error;
		}
	}
	return 0;
}

/*
 * The module stays as long as anything is in a cell, which would be on the
 * host if it were gone.
 */
static int
secmodel_cellpolicy_modcmd(modcmd_t cmd, void *arg)
{
	int error;

	(void)arg;
	switch (cmd) {
	case MODULE_CMD_INIT:
		return start();
	case MODULE_CMD_FINI:
		error = cellpolicy_identity_close();
		if (error == 0)
			stop(__arraycount(parts));
		return error;
	case MODULE_CMD_AUTOUNLOAD:
		return EBUSY;
	default:
		return ENOTTY;
	}
}
