/* WINDOW, STREAM and SAMPLES, and the model for LIVE: whose samples it is being fed. One window or one stream at a time. */
#ifndef SCL_SESSION_H
#define SCL_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "kept_beats.h"
#include "model.h"
#include "protocol.h"

/* Bytes of a WINDOW answer with a result, of a LIVE answer with one, of what stands before its features, and where in that, as in a
 * SAMPLES answer, the decision stands. */
#define SCL_RESULT_FIXED 19
#define SCL_DECISION_AT 15
#define SCL_RESULT_SIZE (SCL_RESULT_FIXED + SCL_FEATURES + SCL_CLASSES)

/* Bytes of samples that are kept behind a gap: four chunks of the length that is best where one byte in a thousand is damaged. */
#define SCL_KEPT_SIZE 512

/* What the next sample belongs to. */
typedef enum { SCL_IDLE, SCL_IN_WINDOW, SCL_IN_STREAM, SCL_IN_LIVE } scl_mode;

typedef struct {
    scl_model model;
    scl_mode mode;
    uint32_t next;           /* sample that continues the window or the stream */
    uint32_t origin;         /* number of the stream's sample 0: of LIVE that of the sensor, else 0 */
    uint16_t window;         /* number of the window that is wanted: so many have been finished since scl_session_end, modulo 2^16 */
    bool answered;           /* `result` holds the answer to the window before that one */
    bool whole;              /* a window has come since scl_session_end: BENCH and PROBE have one to run on */
    uint32_t hops;           /* classified since STREAM */
    uint32_t hop_end;        /* of the latest one: samples consumed, class and flags */
    uint16_t hop_class;
    uint8_t hop_flags;
    scl_decision hop_decision;
    scl_kept_beats beats;    /* the latest of the stream */
    uint8_t result[SCL_RESULT_SIZE]; /* payload of the latest WINDOW answer with a result */
    uint32_t kept_at;        /* number of the first sample in `kept`, counted from the start of the wanted window */
    uint32_t kept_count;     /* samples there: they came behind a gap, and have none between them */
    uint8_t kept[SCL_KEPT_SIZE];
} scl_session;

void scl_session_init(scl_session *s);

/* Ends a window or stream, forgets the newest window and its result, and wants window 0. */
void scl_session_end(scl_session *s);

/* Ends a window or stream; of a window, sample 0 is wanted again. */
void scl_session_stop(scl_session *s);

/* Each takes a frame of that type from the line and answers it. */
void scl_session_window(scl_session *s, const scl_frame *frame);
void scl_session_samples(scl_session *s, const scl_frame *frame);

/* port_ticks around a network, or some of its operators, on what is in the arena. */
uint32_t scl_session_ticks(scl_session *s, const scl_network *network);

/* Copies the newest window to the network's input, and whether there is one. A stream that keeps columns ends: the window takes their
 * place. */
bool scl_session_newest(scl_session *s);

/* Its payload has 2 bytes. */
void scl_session_stream(scl_session *s, const scl_frame *frame);

/* Begins a stream of the board's own sensor, in the mode SCL_IN_LIVE, whose next sample has the number `origin`. */
void scl_session_live(scl_session *s, uint16_t hop, uint32_t origin);

/* Goes on with it behind samples that were lost. */
void scl_session_gap(scl_session *s, uint32_t origin);

/* Takes its next sample, counts[SCL_SENSOR_CHANNELS]; whether a class is due. */
bool scl_session_push(scl_session *s, const int16_t *counts);

/* Classifies what is due; of beats it keeps the record. */
scl_result scl_session_classify(scl_session *s);

/* Whether a stream may have this hop. */
bool scl_session_takes_hop(uint16_t hop);

/* Writes decision, features and logits into a payload[SCL_RESULT_SIZE]. */
void scl_session_outputs(const scl_result *result, uint8_t *payload);

#endif
