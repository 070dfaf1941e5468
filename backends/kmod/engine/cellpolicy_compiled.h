/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The policy that is compiled into the module.
 */

#ifndef _CELLPOLICY_COMPILED_H_
#define	_CELLPOLICY_COMPILED_H_

#include "cellpolicy_tables.h"

extern const struct cellpolicy_tables cellpolicy_compiled;

#endif /* !_CELLPOLICY_COMPILED_H_ */
