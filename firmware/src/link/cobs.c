#include "cobs.h"

enum { FULL_RUN = 255 };

static void open_run(scl_cobs_encoder *encoder)
{
    encoder->code_at = encoder->size;
    encoder->out[encoder->size++] = 1;
}

void scl_cobs_begin(scl_cobs_encoder *encoder, uint8_t *out)
{
    encoder->out = out;
    encoder->size = 0;
    open_run(encoder);
}

void scl_cobs_put(scl_cobs_encoder *encoder, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* A full run is followed by a new one only if there is more to say. */
        if (encoder->out[encoder->code_at] == FULL_RUN) {
            open_run(encoder);
        }
        if (data[i] == 0) {
            open_run(encoder);
        } else {
            encoder->out[encoder->size++] = data[i];
            encoder->out[encoder->code_at]++;
        }
    }
}

size_t scl_cobs_end(scl_cobs_encoder *encoder)
{
    encoder->out[encoder->size++] = 0;
    return encoder->size;
}

void scl_cobs_reset(scl_cobs_decoder *decoder)
{
    decoder->code = 0;
    decoder->left = 0;
}

bool scl_cobs_take(scl_cobs_decoder *decoder, uint8_t byte, uint8_t *data)
{
    if (decoder->left > 0) {
        decoder->left--;
        *data = byte;
        return true;
    }
    /* The next code: only now is it certain that the run before it is followed by its zero. */
    const bool zero = decoder->code != 0 && decoder->code != FULL_RUN;
    decoder->code = byte;
    decoder->left = (uint8_t)(byte - 1);
    *data = 0;
    return zero;
}

bool scl_cobs_complete(const scl_cobs_decoder *decoder)
{
    return decoder->code != 0 && decoder->left == 0;
}
