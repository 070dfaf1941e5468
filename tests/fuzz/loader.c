/*
 * TEST STUB: libFuzzer's entry to the loader.  The input is an image whose
 * size and checksum are put right first; what is accepted is then asked
 * everything, so that a number that leads outside the tables is found.
 */

#include "cellpolicy_compiled.h"
#include "cellpolicy_engine.h"
#include "shim.h"

#define	SIZE_AT		16
#define	CHECKSUM_AT	12
#define	HEADER		128

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int	LLVMFuzzerInitialize(int *, char ***);

static uint32_t
crc32_of(const uint8_t *bytes, size_t size)
{
	uint32_t crc;
	int bit;

	for (crc = 0xffffffffu; size-- > 0; bytes++)
		for (crc ^= *bytes, bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
	return ~crc;
}

static void
ask_all(const struct cellpolicy_policy *pol)
{
	const struct cellpolicy_tables *t = &pol->tables;
	static const unsigned int ports[] = { 0, 1, 22, 80, 1023, 1024, 5432,
	    32768, 65534, 65535 };
	struct cellpolicy_question q;
	unsigned int id, i, protocol;
	uint64_t action;

	for (id = 0; id < MIN(t->n.ids, 8); id++) {
		(void)cellpolicy_cell_name(t, id);
		(void)cellpolicy_permissive(t, id);
		(void)cellpolicy_exceeds(t, id, curproc);
		for (action = id; action < 34; action += 3)
			for (i = (unsigned int)action % 7; i < 50; i += 7) {
				(void)cellpolicy_decide(pol, id,
				    &cellpolicy_scopes[i % CELLPOLICY_SCOPES],
				    action, i);
				(void)cellpolicy_decide_process(pol, id,
				    i % pol->ids, action, i);
				cellpolicy_ask_process(&q, action, i, i);
				q.subject = id;
				(void)cellpolicy_explain(pol, &q);
			}
		for (i = 0; i < __arraycount(ports); i++)
			for (protocol = 0; protocol < 3; protocol++) {
				struct cellpolicy_binding b = { true, i & 1,
				    ports[i], protocol };

				(void)cellpolicy_decide_auto(pol, id, i & 1,
				    protocol);
				(void)cellpolicy_decide_bind(pol, id, ports[i],
				    CELLPOLICY_BIND(protocol),
				    CELLPOLICY_WITH(protocol));
				(void)cellpolicy_decide_host_bind(pol, ports[i],
				    CELLPOLICY_WITH(protocol));
				cellpolicy_ask_bind(&q, &b);
				q.subject = id;
				(void)cellpolicy_explain(pol, &q);
			}
		for (i = 0; i < 40; i++) {
			(void)cellpolicy_decide_socket(pol, id, i & 1,
			    (int)i - 1, (int)(i / 3), (int)(i * 7));
			cellpolicy_ask_socket(&q, i & 1, (int)i, (int)i / 3, 6);
			q.subject = id;
			(void)cellpolicy_explain(pol, &q);
			cellpolicy_ask_vnode(&q, 1u << (i % 32));
			q.subject = id;
			(void)cellpolicy_column(pol, &q);
			(void)cellpolicy_explain(pol, &q);
			(void)cellpolicy_decide_vnode(pol, id, 1u << (i % 32));
			(void)cellpolicy_decide_passthru(pol, id, i);
		}
	}
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{

	(void)argc;
	(void)argv;
	shim_boot();
	return shim_module.mi_modcmd(MODULE_CMD_INIT, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	uint8_t *memory, *image;
	uint32_t number;
	size_t size;

	size = length + CELLPOLICY_LINE;
	memory = kmem_alloc(size, KM_SLEEP);
	image = (uint8_t *)roundup2((uintptr_t)memory, CELLPOLICY_LINE);
	memcpy(image, bytes, length);
	if (length >= HEADER && bytes[length - 1] != 0xff) {
		number = (uint32_t)length;
		memcpy(image + SIZE_AT, &number, sizeof(number));
		number = crc32_of(image + SIZE_AT, length - SIZE_AT);
		memcpy(image + CHECKSUM_AT, &number, sizeof(number));
	}
	if (cellpolicy_load(image, length, memory, size) != 0)
		kmem_free(memory, size);
	else
		ask_all(cellpolicy_policy());
	(void)shim_log_lines();
	return 0;
}
