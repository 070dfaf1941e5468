/*
 * TEST STUB: the words of a command, and the commands that ask listeners.
 */

#ifndef DRIVER_H
#define	DRIVER_H

#include "shim.h"

#define	DRIVER_WORDS	16

extern const char *driver_words[DRIVER_WORDS];
extern unsigned int driver_nwords;

/* driver.c: words as numbers, texts and processes */
long	driver_number(unsigned int);
bool	driver_is(unsigned int, const char *);
struct shim_process *driver_process(unsigned int);
struct shim_process *driver_become(unsigned int);

/* requests.c */
void	driver_ask(void);
void	driver_raw(void);
void	driver_rlimit(void);
void	driver_fork(void);
void	driver_storm(void);

/* stress.c */
void	driver_stress(void);

#endif /* !DRIVER_H */
