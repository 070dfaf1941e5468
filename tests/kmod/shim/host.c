/*
 * TEST STUB: the C library for the fake kernel, which is compiled without it.
 */

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void	*host_alloc(size_t);
void	host_free(void *);
void	host_abort(const char *, int);
char	*host_line(void);
void	*host_file(const char *, size_t *);
void	host_print(const char *, ...);
void	host_vformat(char *, size_t, const char *, va_list);
long	host_number(const char *);
void	host_threads(unsigned int, void *(*)(void *));
size_t	strlcpy(char *, const char *, size_t);

void *
host_alloc(size_t size)
{

	return malloc(size != 0 ? size : 1);
}

void
host_free(void *p)
{

	free(p);
}

void
host_abort(const char *what, int line)
{

	fflush(stdout);
	fprintf(stderr, "shim: line %d: %s\n", line, what);
	abort();
}

char *
host_line(void)
{
	static char line[4096];

	return fgets(line, sizeof(line), stdin);
}

void *
host_file(const char *path, size_t *size)
{
	FILE *f;
	void *bytes;
	long end;

	f = fopen(path, "rb");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (end = ftell(f)) < 0)
		host_abort(path, 0);
	rewind(f);
	*size = (size_t)end;
	bytes = malloc(*size + 1);
	if (fread(bytes, 1, *size, f) != *size)
		host_abort(path, 0);
	fclose(f);
	return bytes;
}

void
host_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

void
host_vformat(char *text, size_t size, const char *format, va_list args)
{

	vsnprintf(text, size, format, args);
}

long
host_number(const char *text)
{

	return (long)strtoull(text, NULL, 0);
}

/* Runs a function in so many threads, numbered from 1, and waits for all. */
void
host_threads(unsigned int n, void *(*run)(void *))
{
	pthread_t threads[16];
	unsigned int i;

	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, run,
		    (char *)NULL + i + 1) != 0)
			host_abort("pthread_create", 0);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

size_t
strlcpy(char *to, const char *from, size_t size)
{
	size_t n;

	n = strlen(from);
	if (size > 0) {
		memcpy(to, from, n < size ? n + 1 : size - 1);
		if (n >= size)
			to[size - 1] = '\0';
	}
	return n;
}
