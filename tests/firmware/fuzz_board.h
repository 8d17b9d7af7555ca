/* A board in memory for the fuzzers: a device behind its ring, and a host that checks what it sends.
 *
 * Checked are the invariants of protocol.h that can be seen from outside; a program that uses this says what a broken one does. Build
 * it with sanitizers: writing outside of a buffer is theirs to find. */
#ifndef SCL_FUZZ_BOARD_H
#define SCL_FUZZ_BOARD_H

#include "device.h"

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            fuzz_failed(__FILE__, __LINE__, #condition);                         \
        }                                                                        \
    } while (0)

/* The program's: says what failed and on which input, and does not return. */
void fuzz_failed(const char *file, int line, const char *condition);

extern scl_device fuzz_board;
extern scl_frame fuzz_answer;  /* the newest one, its payload copied to fuzz_payload */
extern uint8_t fuzz_payload[SCL_MAX_PAYLOAD];

/* The board's start; `seed` decides what is drawn from then on, the sensor and the clock among it. */
void fuzz_start(uint32_t seed);

/* A number below `below`. */
uint32_t fuzz_draw(uint32_t below);

/* Puts bytes into the board's ring; now and then the board's main loop runs in between. */
void fuzz_send(const uint8_t *data, size_t n);

/* The main loop, as long as there are bytes. */
void fuzz_run(void);

/* Sends a frame behind a delimiter and checks that one answer comes, of its type. */
void fuzz_ask(uint8_t type, const uint8_t *p, size_t n);

/* A board that nobody has greeted answers HELLO alone. */
void fuzz_check_no_session(void);

/* Whatever has come: the next greeting, window and STATS are answered, and every run of bytes was counted once. */
void fuzz_check_recovery(void);

#endif
