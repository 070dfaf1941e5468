/*
 * Copyright (c) 2026 The cellc authors.
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Policy images: a header, the numbers of struct cellpolicy_tables, and its
 * arrays one after the other, all little endian, each on a line of the cache
 * of its own.  The tables point into the image; it is not copied.
 */

#include <sys/cdefs.h>
#include <sys/param.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kmem.h>
#include <sys/systm.h>

#include "cellpolicy_engine.h"

#define	MAGIC		"CELLPOL"
#define	VERSION		3u
#define	HASH_DIGITS	64
#define	NUMBERS		(sizeof(struct cellpolicy_numbers) / sizeof(uint32_t))
#define	FIELDS(n, record, width)					\
	((n) * (uint64_t)(sizeof(record) / (width)))

struct header {
	char		magic[8];
	uint32_t	version;
	uint32_t	checksum;	/* CRC-32 of all that follows it */
	uint32_t	size;		/* of the whole image */
	uint32_t	columns;
	uint32_t	positions;
	uint32_t	vnode_rights;
	uint32_t	passthru_rights;
	uint32_t	limits;
	uint32_t	counts;		/* how many numbers follow the header */
	char		release[16];
	char		hash[HASH_DIGITS + 4];
};
__CTASSERT(sizeof(struct header) % CELLPOLICY_LINE == 0);

static uint32_t
crc32_of(const uint8_t *bytes, size_t size)
{
	uint32_t table[256], crc, i, bit;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
		table[i] = crc;
	}
	crc = 0xffffffffu;
	while (size-- > 0)
		crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xff];
	return ~crc;
}

/*
 * Whether the image is what it claims to be and meant for this kernel.
 */
static int
check_header(struct header *h, size_t size)
{
	size_t covered;

	if (size < sizeof(*h) || memcmp(h->magic, MAGIC, sizeof(MAGIC)) != 0)
		return EFTYPE;
	if (le32toh(h->version) != VERSION)
		return EPROGMISMATCH;
	if (le32toh(h->size) != size)
		return EINVAL;
	covered = offsetof(struct header, size);
	if (le32toh(h->checksum) !=
	    crc32_of((const uint8_t *)h + covered, size - covered))
		return EBADMSG;
	if (le32toh(h->columns) != CELLPOLICY_COLUMNS ||
	    le32toh(h->positions) != CELLPOLICY_POSITIONS ||
	    le32toh(h->vnode_rights) != CELLPOLICY_VNODE_RIGHTS ||
	    le32toh(h->passthru_rights) != CELLPOLICY_PASSTHRU_RIGHTS ||
	    le32toh(h->limits) != CELLPOLICY_LIMITS ||
	    strncmp(h->release, CELLPOLICY_RELEASE, sizeof(h->release)) != 0)
		return EPROGMISMATCH;
	return h->hash[HASH_DIGITS] == '\0' ? 0 : EPROTO;
}

/*
 * A place in the image, and what is left of it.
 */
struct cursor {
	uint8_t	*next;
	size_t	left;
};

/*
 * The next array, of `n' numbers of `width' bytes, in the order of bytes of
 * this machine; NULL when the image ends before it does.
 */
static void *
take(struct cursor *c, uint64_t n, size_t width)
{
	uint8_t *array;
	uint16_t *halves;
	uint32_t *words;
	uint64_t *quads, i, size;

	size = roundup2(n * width, CELLPOLICY_LINE);
	if (size > c->left)
		return NULL;
	array = c->next;
	c->next += size;
	c->left -= size;
	halves = (void *)array;
	words = (void *)array;
	quads = (void *)array;
	for (i = 0; i < n; i++)
		if (width == sizeof(*halves))
			halves[i] = le16toh(halves[i]);
		else if (width == sizeof(*words))
			words[i] = le32toh(words[i]);
		else if (width == sizeof(*quads))
			quads[i] = le64toh(quads[i]);
	return array;
}

/*
 * The classes, whose numbers are of several widths.
 */
static void *
take_classes(struct cursor *c, uint64_t n)
{
	struct cellpolicy_class *classes;
	uint64_t i;
	unsigned int j;

	classes = take(c, n * sizeof(*classes), 1);
	for (i = 0; classes != NULL && i < n; i++) {
		for (j = 0; j < CELLPOLICY_ROW; j++)
			classes[i].row[j] = le32toh(classes[i].row[j]);
		classes[i].vnode_deny = le32toh(classes[i].vnode_deny);
		classes[i].common = le16toh(classes[i].common);
		classes[i].named = le16toh(classes[i].named);
		for (j = 0; j < CELLPOLICY_ENDS; j++)
			classes[i].ends[j] = le16toh(classes[i].ends[j]);
	}
	return classes;
}

static bool
take_numbers(struct cellpolicy_tables *t, struct cursor *c)
{
	const uint32_t *numbers;

	numbers = take(c, NUMBERS, 4);
	if (numbers == NULL)
		return false;
	memcpy(&t->n, numbers, sizeof(t->n));
	return true;
}

static bool
take_arrays(struct cellpolicy_tables *t, struct cursor *c)
{

	return
	    (t->classes = take_classes(c, t->n.classes)) != NULL &&
	    (t->commons = take(c, FIELDS(t->n.commons, *t->commons, 8), 8))
		!= NULL &&
	    (t->port_tops = take(c, (uint64_t)t->n.port_maps *
		CELLPOLICY_PORT_TOPS, 4)) != NULL &&
	    (t->peer_tops = take(c, (uint64_t)t->n.peer_maps *
		CELLPOLICY_TOPS((uint64_t)t->n.ids), 4)) != NULL &&
	    (t->pages = take(c, t->n.pages, 2)) != NULL &&
	    (t->crossings = take(c, t->n.crossings, 8)) != NULL &&
	    (t->port_ends = take(c, t->n.port_steps, 2)) != NULL &&
	    (t->port_owners = take(c, t->n.port_steps, 2)) != NULL &&
	    (t->owners = take(c, FIELDS(t->n.owners, *t->owners, 2), 2))
		!= NULL &&
	    (t->sockets = take(c, t->n.sockets, 4)) != NULL &&
	    (t->domain_of = take(c, t->n.domain_numbers, 2)) != NULL &&
	    (t->type_of = take(c, t->n.type_numbers, 2)) != NULL &&
	    (t->protocol_of = take(c, t->n.protocol_numbers, 2)) != NULL &&
	    (t->cells = take(c, FIELDS(t->n.cells, *t->cells, 4), 4))
		!= NULL &&
	    (t->rules = take(c, FIELDS(t->n.rules, *t->rules, 4), 4))
		!= NULL &&
	    (t->sets = take(c, t->n.sets, 4)) != NULL &&
	    (t->ceilings = take(c, (uint64_t)t->n.ceilings *
		CELLPOLICY_LIMITS, 8)) != NULL &&
	    (t->strings = take(c, t->n.strings, 1)) != NULL;
}

/*
 * Makes tables that point into an image, whose numbers are turned into this
 * machine's.  EFTYPE for what is no image, EPROGMISMATCH for one of another
 * format or for another release, EINVAL for a wrong length, EBADMSG for a
 * wrong checksum, EPROTO for tables that refer to what is not there.
 */
int
cellpolicy_image_open(struct cellpolicy_tables *t, void *image, size_t size)
{
	struct header *h = image;
	struct cursor c;
	int error;

	error = check_header(h, size);
	if (error != 0)
		return error;
	c.next = (uint8_t *)image + sizeof(*h);
	c.left = size - sizeof(*h);
	t->hash = h->hash;
	if (le32toh(h->counts) != NUMBERS || !take_numbers(t, &c) ||
	    !take_arrays(t, &c) || c.left != 0)
		return EINVAL;
	return cellpolicy_check(t);
}
