/* SPDX-License-Identifier: ISC */
#ifndef BASE_RAND_H
#define BASE_RAND_H

/*
 * rand -- unpredictable numbers from the kernel (getrandom), read in blocks.
 *
 * Message ids, ports, jitter and keys all come from here.  Tests of virtual
 * time call rand_seed(), which makes the sequence reproducible and must never
 * be called by the daemon.
 */

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t size);
uint8_t rand_u8(void);
uint16_t rand_u16(void);
uint32_t rand_u32(void);
uint64_t rand_u64(void);
uint32_t rand_below(uint32_t limit); /* 0..limit-1, unbiased; 0 for limit 0 */
void rand_seed(uint64_t seed);

#endif
