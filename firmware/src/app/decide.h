/* DECIDE: by what settings the board decides. And how a decision stands in the other answers. */
#ifndef SCL_DECIDE_H
#define SCL_DECIDE_H

#include <stdint.h>

#include "model.h"
#include "protocol.h"

#define SCL_SETTINGS_SIZE 12 /* bytes of DECIDE: slope u32, evidence u32, stay u16, unsure u16 */

/* Takes a frame of that type, whose payload has SCL_SETTINGS_SIZE bytes or none, and answers with the settings. */
void scl_decide(scl_model *m, const scl_frame *frame);

/* Goes back to the settings of the model data, where it has some. */
void scl_decide_as_exported(scl_model *m);

/* Writes answer and confidence to p[4]. */
void scl_decide_store(uint8_t *p, const scl_decision *decision);

#endif
