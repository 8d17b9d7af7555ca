#include "device.h"

#include <stddef.h>

#include "bytes.h"
#include "decide.h"
#include "link.h"
#include "port.h"

enum {
    HELLO_REQUEST = 5,       /* bytes: protocol, session */
    HELLO_FIXED = 64,        /* bytes before the text */
    PROBE_FIXED = 10         /* bytes before the values */
};

static uint8_t answer[SCL_MAX_PAYLOAD]; /* of HELLO, PROBE, LIVE and BEATS */

/* Copies text behind the first `size` bytes of a payload, if all of it fits; returns the new size. */
static size_t append(uint8_t *payload, size_t size, const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    if (n > SCL_MAX_PAYLOAD - size) {
        return size;
    }
    for (size_t i = 0; i < n; i++) {
        payload[size + i] = (uint8_t)text[i];
    }
    return size + n;
}

/* Begins the session that a HELLO names: what an earlier host has left goes on no longer. The same name again, or 0, changes nothing. */
static void name_session(scl_device *d, uint32_t number)
{
    if (number != 0 && number != d->session_number) {
        d->session_number = number;
        scl_session_end(&d->session);
        scl_capture_drop(&d->capture);
    }
}

static void on_hello(scl_device *d, const scl_frame *frame)
{
    uint8_t *const p = answer;
    if (frame->payload[0] == SCL_PROTOCOL_VERSION && frame->payload_size >= HELLO_REQUEST) {
        name_session(d, scl_load_u32(frame->payload + 1));
    }
    p[0] = SCL_PROTOCOL_VERSION;
    for (size_t i = 0; i < 32; i++) {
        p[1 + i] = scl_network_data.hash[i];
    }
    scl_store_u16(p + 33, SCL_SAMPLES);
    scl_store_u16(p + 35, SCL_VALUES);
    scl_store_u16(p + 37, SCL_WINDOW);
    scl_store_u16(p + 39, SCL_FEATURES);
    scl_store_u16(p + 41, SCL_CLASSES);
    scl_store_u16(p + 43, SCL_MAX_PAYLOAD);
    scl_store_u32(p + 45, port_tick_hz);
    for (size_t i = 0; i < SCL_CALIBRATION_HASH; i++) {
        p[49 + i] = d->calibration_hash[i];
    }
    scl_store_u32(p + 57, d->session_number);
    p[61] = SCL_INPUT_KIND;
    scl_store_u16(p + 62, port_receive_bytes);
    size_t size = append(p, HELLO_FIXED, port_name);
    size = append(p, size, "\n" SCL_FIRMWARE_VERSION);
    for (uint16_t i = 0; scl_network_data.labels != NULL && i < SCL_CLASSES; i++) {
        size = append(p, append(p, size, "\n"), scl_network_data.labels[i]);
    }
    scl_link_answer(frame, p, size);
}

static void on_bench(scl_device *d, const scl_frame *frame)
{
    uint8_t p[4];
    if (!scl_session_newest(&d->session)) {
        scl_link_refuse(frame->seq, SCL_ERROR_NO_WINDOW, 0, 0);
        return;
    }
    scl_store_u32(p, scl_session_ticks(&d->session, &scl_network_data));
    scl_link_answer(frame, p, sizeof p);
}

/* Runs the network up to one operator and tells what that took, and a piece of what it wrote. */
static void on_probe(scl_device *d, const scl_frame *frame)
{
    const uint16_t number = scl_load_u16(frame->payload), count = scl_network_data.op_count;
    const uint32_t offset = scl_load_u32(frame->payload + 2);
    const scl_op *op = scl_network_data.ops + (number < count ? number : 0);
    const uint32_t size = (uint32_t)op->out_length * op->out_channels;
    uint32_t piece = SCL_MAX_PAYLOAD - PROBE_FIXED;
    if (number >= count || offset >= size) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_VALUE, 0, count);
        return;
    }
    if (!scl_session_newest(&d->session)) {
        scl_link_refuse(frame->seq, SCL_ERROR_NO_WINDOW, 0, 0);
        return;
    }
    if (piece > size - offset) {
        piece = size - offset;
    }
    scl_network part = scl_network_data;
    part.op_count = number;
    (void)scl_session_ticks(&d->session, &part);
    part.ops = op;
    part.op_count = 0;
    const uint32_t empty = scl_session_ticks(&d->session, &part);
    part.op_count = 1;
    const uint32_t ticks = scl_session_ticks(&d->session, &part) - empty;
    scl_store_u32(answer, ticks);
    scl_store_u32(answer + 4, size);
    scl_store_u16(answer + 8, count);
    for (uint32_t i = 0; i < piece; i++) {
        answer[PROBE_FIXED + i] = (uint8_t)d->session.model.arena[op->out_offset + offset + i];
    }
    scl_link_answer(frame, answer, PROBE_FIXED + piece);
}

static void on_calibration(scl_device *d, const scl_frame *frame)
{
    float values[SCL_CALIBRATION_VALUES];
    const size_t count = scl_input_calibration_size();
    if (count == 0) {
        scl_link_refuse(frame->seq, SCL_ERROR_NO_SENSOR, 0, 0);
        return;
    }
    if (frame->payload_size != SCL_CALIBRATION_HASH + 4 * count) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_LENGTH, 0, (uint16_t)frame->payload_size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const union { uint32_t bits; float value; } x = {scl_load_u32(frame->payload + SCL_CALIBRATION_HASH + 4 * i)};
        if ((x.bits & 0x7F800000u) == 0x7F800000u) { /* infinite or not a number */
            scl_link_refuse(frame->seq, SCL_ERROR_BAD_VALUE, 0, (uint16_t)i);
            return;
        }
        values[i] = x.value;
    }
    scl_input_calibrate(&d->session.model.input, values);
    for (size_t i = 0; i < SCL_CALIBRATION_HASH; i++) {
        d->calibration_hash[i] = frame->payload[i];
    }
    scl_session_stop(&d->session); /* a window or stream under two calibrations would be neither's */
    scl_link_answer(frame, d->calibration_hash, SCL_CALIBRATION_HASH);
}

static void on_stats(const scl_device *d, const scl_frame *frame)
{
    uint8_t p[16];
    scl_store_u32(p, d->receiver.frames);
    scl_store_u32(p + 4, d->receiver.crc_errors);
    scl_store_u32(p + 8, d->receiver.framing_errors);
    scl_store_u32(p + 12, d->received->overruns);
    scl_link_answer(frame, p, sizeof p);
}

static void end_live(scl_device *d)
{
    if (d->session.mode == SCL_IN_LIVE) {
        scl_session_stop(&d->session);
    }
}

/* Has the sensor run for a request: anew, or as it does if another request's reader `joined` has it. False: it was refused, and ends. */
static bool sensor_runs(scl_device *d, const scl_frame *frame, bool joined)
{
    if ((joined && d->sensor.running) || scl_own_sensor_start(&d->sensor)) {
        return true;
    }
    end_live(d);
    scl_capture_drop(&d->capture);
    scl_link_refuse(frame->seq, SCL_ERROR_NO_SENSOR, 0, 0);
    return false;
}

/* Stops the sensor if nobody reads it any more. */
static void rest_sensor(scl_device *d)
{
    if (!d->capture.active && d->session.mode != SCL_IN_LIVE) {
        scl_own_sensor_stop(&d->sensor);
    }
}

static void on_capture(scl_device *d, const scl_frame *frame)
{
    const uint32_t samples = scl_load_u32(frame->payload);
    if (samples == 0) {
        scl_capture_stop(&d->capture, frame->seq);
        return;
    }
    if (sensor_runs(d, frame, d->session.mode == SCL_IN_LIVE)) {
        scl_capture_start(&d->capture, &d->sensor, frame->seq, samples);
    }
}

static void on_live(scl_device *d, const scl_frame *frame)
{
    const uint16_t hop = scl_load_u16(frame->payload);
    const uint32_t hops = scl_load_u32(frame->payload + 2);
    if (hops == 0) {
        end_live(d);
        scl_live_answer(&d->live, frame);
    } else if (!scl_session_takes_hop(hop)) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_VALUE, 0, 0);
    } else if (sensor_runs(d, frame, d->capture.active)) {
        scl_live_start(&d->live, &d->session, &d->sensor, frame, hop, hops);
    }
}

/* Whether a frame of this type and length may be read. WINDOW, SAMPLES and CALIBRATION look for themselves. */
static bool length_fits(const scl_frame *frame)
{
    switch (frame->type) {
    case SCL_TYPE_HELLO: return frame->payload_size >= 1;
    case SCL_TYPE_BENCH:
    case SCL_TYPE_STATS: return frame->payload_size == 0;
    case SCL_TYPE_STREAM: return frame->payload_size == 2;
    case SCL_TYPE_CAPTURE:
    case SCL_TYPE_BEATS: return frame->payload_size == 4;
    case SCL_TYPE_PROBE:
    case SCL_TYPE_LIVE: return frame->payload_size == 6;
    case SCL_TYPE_DECIDE: return frame->payload_size == 0 || frame->payload_size == SCL_SETTINGS_SIZE;
    default: return true;
    }
}

/* A board that was reset has no session, and says so to every request until a host greets it: see docs/PROTOCOL.md. */
static void dispatch(scl_device *d, const scl_frame *frame)
{
    if (d->session_number == 0 && frame->type != SCL_TYPE_HELLO) {
        scl_link_refuse(frame->seq, SCL_ERROR_NO_SESSION, 0, 0);
        return;
    }
    if (!length_fits(frame)) {
        scl_link_refuse(frame->seq, SCL_ERROR_BAD_LENGTH, 0, (uint16_t)frame->payload_size);
        return;
    }
    switch (frame->type) {
    case SCL_TYPE_HELLO: on_hello(d, frame); break;
    case SCL_TYPE_WINDOW: scl_session_window(&d->session, frame); break;
    case SCL_TYPE_BENCH: on_bench(d, frame); break;
    case SCL_TYPE_STREAM: scl_session_stream(&d->session, frame); break;
    case SCL_TYPE_SAMPLES: scl_session_samples(&d->session, frame); break;
    case SCL_TYPE_CALIBRATION: on_calibration(d, frame); break;
    case SCL_TYPE_STATS: on_stats(d, frame); break;
    case SCL_TYPE_CAPTURE: on_capture(d, frame); break;
    case SCL_TYPE_PROBE: on_probe(d, frame); break;
    case SCL_TYPE_LIVE: on_live(d, frame); break;
    case SCL_TYPE_DECIDE: scl_decide(&d->session.model, frame); break;
    case SCL_TYPE_BEATS: scl_kept_beats_answer(&d->session.beats, frame, answer); break;
    default: scl_link_refuse(frame->seq, SCL_ERROR_UNKNOWN_TYPE, 0, frame->type); break;
    }
    rest_sensor(d);
}

void scl_device_init(scl_device *d, const scl_ring *received)
{
    d->received = received;
    d->session_number = 0;
    scl_receiver_init(&d->receiver);
    scl_session_init(&d->session);
    scl_own_sensor_init(&d->sensor);
    scl_capture_init(&d->capture);
    scl_live_init(&d->live);
    for (size_t i = 0; i < SCL_CALIBRATION_HASH; i++) {
        d->calibration_hash[i] = 0;
    }
}

void scl_device_receive(scl_device *d, uint8_t byte)
{
    scl_frame frame;
    if (scl_receiver_take(&d->receiver, byte, &frame)) {
        dispatch(d, &frame);
    }
}

void scl_device_poll(scl_device *d)
{
    int16_t counts[SCL_SENSOR_CHANNELS];
    const uint32_t taken = scl_own_sensor_read(&d->sensor, counts);
    if (taken > 0) {
        scl_capture_take(&d->capture, counts, taken);
        scl_live_take(&d->live, &d->session, &d->sensor, counts, taken, answer);
        rest_sensor(d);
    }
}
