/* A model of heartbeats as a board runs it, without a link: counts (int16) come in on stdin, and of every beat that is answered
 * numbers (int32) go out on stdout: the sensor's sample of its R peak, its class (65535: abstained), its flags, and the values
 * that were measured of it (the network's inputs before they are normalized) by 2^12. */
#include <stdio.h>

#include "model.h"

static scl_model model;

int main(void)
{
    int16_t count = 0;
    scl_model_init(&model);
    while (fread(&count, sizeof count, 1, stdin) == 1) {
        if (scl_model_push_sample(&model, &count)) {
            int32_t beat[3 + SCL_INPUTS] = {
                (int32_t)scl_model_beat_sample(&model), (int32_t)scl_model_run(&model).class_index, (int32_t)scl_model_flags(&model)
            };
            for (int i = 0; i < SCL_INPUTS; i++) {
                beat[3 + i] = (int32_t)(scl_model_beat(&model)->values[i] * 4096.0f);
            }
            if (fwrite(beat, sizeof beat, 1, stdout) != 1) {
                return 1;
            }
        }
    }
    return 0;
}
